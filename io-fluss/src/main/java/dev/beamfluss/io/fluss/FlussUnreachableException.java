package dev.beamfluss.io.fluss;

/**
 * A Fluss cluster did not answer in time. Retrying may help: the message names the cluster, what
 * was asked of it and for how long.
 */
public final class FlussUnreachableException extends RuntimeException {
  FlussUnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
