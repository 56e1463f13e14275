package dev.beamfluss.pipelines.canary;

import java.io.Serializable;
import java.time.Duration;

/** Where notifications go; its {@code toString()} is shown, so it has no secrets. */
public interface Notifier extends Serializable {

  /** Opens it on a worker, for one thread. What it throws fails the job. */
  Channel open();

  /** An open notifier. */
  interface Channel extends AutoCloseable {

    /**
     * Sends a notification and returns once it has been taken.
     *
     * @param atMost how long this may take, retries and all
     * @throws UndeliveredException if it was not taken, or nobody knows
     */
    void send(Notification notification, Duration atMost)
        throws UndeliveredException, InterruptedException;

    @Override
    default void close() {}
  }
}
