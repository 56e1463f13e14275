package dev.beamfluss.pipelines.canary;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes notifications to the worker's log, as warnings. */
public final class LogNotifier implements Notifier {
  private static final Logger LOG = LoggerFactory.getLogger(LogNotifier.class);

  private LogNotifier() {}

  /** The one there is. */
  public static LogNotifier create() {
    return new LogNotifier();
  }

  @Override
  public Channel open() {
    return (notification, atMost) ->
        LOG.warn("Alert {}: {}", notification.idempotencyKey(), notification.json());
  }

  @Override
  public String toString() {
    return "log";
  }
}
