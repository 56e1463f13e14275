package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Gauge;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.io.ByteStreams;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.io.CountingOutputStream;

/** Tells Beam's metrics how a read goes, at a cost that does not depend on the number of rows. */
final class ReadMetrics {
  private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

  private final Counter rowsRead = Metrics.counter(FlussIO.class, "rowsRead");
  private final Counter bytesRead = Metrics.counter(FlussIO.class, "bytesRead");
  private final Counter batchesRead = Metrics.counter(FlussIO.class, "batchesRead");
  private final Gauge lagRecords;
  private final Gauge lagMillis;
  private final Gauge partitions;
  private final RowCoder coder;

  private long bytesPerRow = Splits.BYTES_PER_ROW;
  private long newest = EventTime.BEFORE_ALL;
  private long lastReport = System.nanoTime() - INTERVAL;
  private volatile long backlogBytes = UnboundedSource.UnboundedReader.BACKLOG_UNKNOWN;

  /**
   * @param split tells the gauges of splits apart, which one worker may have several of
   */
  ReadMetrics(Schema schema, String split) {
    this.coder = RowCoder.of(schema);
    this.lagRecords = Metrics.gauge(FlussIO.class, "lagRecords-" + split);
    this.lagMillis = Metrics.gauge(FlussIO.class, "lagMillis-" + split);
    this.partitions = Metrics.gauge(FlussIO.class, "partitions-" + split);
  }

  /** The size of one row of the batch is taken for that of all. */
  void read(RowBatch batch) {
    int size = batch.size();
    if (size > 0) {
      bytesPerRow = size(batch.rows().get(size - 1));
      newest = Math.max(newest, batch.timestamps()[size - 1]);
    }
    rowsRead.inc(size);
    bytesRead.inc(size * bytesPerRow);
    batchesRead.inc();
  }

  private long size(Row row) {
    try (CountingOutputStream counting = new CountingOutputStream(ByteStreams.nullOutputStream())) {
      coder.encode(row, counting);
      return counting.getCount();
    } catch (IOException | RuntimeException e) {
      return bytesPerRow; // whoever encodes it for good will tell
    }
  }

  void report(SplitProgress progress) {
    long now = System.nanoTime();
    if (now - lastReport < INTERVAL) {
      return;
    }
    lastReport = now;
    long backlog = progress.backlog();
    if (backlog == SplitProgress.UNKNOWN) {
      backlogBytes = UnboundedSource.UnboundedReader.BACKLOG_UNKNOWN;
    } else {
      backlogBytes = backlog * bytesPerRow;
      lagRecords.set(backlog);
      lagMillis.set(
          backlog == 0 || newest == EventTime.BEFORE_ALL
              ? 0
              : Math.max(0, System.currentTimeMillis() - newest));
    }
    partitions.set(progress.partitions());
  }

  long backlogBytes() {
    return backlogBytes;
  }
}
