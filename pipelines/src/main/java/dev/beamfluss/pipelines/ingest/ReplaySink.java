package dev.beamfluss.pipelines.ingest;

/** Tables that {@link Replay} writes to. */
interface ReplaySink extends IngestRules.Sink, AutoCloseable {
  /** Returns once the cluster has acknowledged all rows. */
  void flush();

  /** Rows handed to the cluster so far, deletes included; may be read from any thread. */
  long rowsWritten();

  @Override
  void close();
}
