package dev.beamfluss.pipelines.demo;

/** Tables that are followed while a pipeline writes them. */
public interface Watched {

  /** How many rows they hold now. */
  int rows();

  /** How many changes they took so far. */
  long resultChanges();

  /** Fails if one of the tables can no longer be followed. */
  void check();
}
