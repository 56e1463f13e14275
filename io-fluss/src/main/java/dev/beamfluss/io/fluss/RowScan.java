package dev.beamfluss.io.fluss;

import java.io.IOException;
import org.apache.beam.sdk.values.Row;

/** Reads what a bucket held at some point of its log, in an order that is the same each time. */
interface RowScan extends AutoCloseable {
  /** About as many rows as one call of {@link #next} gives. */
  int BATCH = 5_000;

  /** Takes what is read. */
  interface Sink {
    /**
     * A row with the scanned columns.
     *
     * @param stored when the cluster stored it, or {@link EventTime#BEFORE_ALL}
     */
    void row(Row scanned, long stored);

    void unreadable(String reason);
  }

  /**
   * Gives more rows; none if they are still on their way.
   *
   * @return false once all rows were given
   */
  boolean next(Sink sink) throws IOException;

  @Override
  void close();
}
