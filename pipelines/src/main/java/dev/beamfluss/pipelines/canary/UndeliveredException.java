package dev.beamfluss.pipelines.canary;

/** A notification did not reach its receiver, as far as is known. The message has no secrets. */
public final class UndeliveredException extends Exception {

  /** With the reason. */
  public UndeliveredException(String message) {
    super(message);
  }
}
