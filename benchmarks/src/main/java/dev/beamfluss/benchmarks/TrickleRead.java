package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.row.GenericRow;

/**
 * How long a row takes from the call that appends it to the function after the read, on Flink with
 * checkpoints as in runner-configs/flink-cluster.args, while a row comes every 10 ms. The row
 * carries the time of its append; both ends are in this JVM.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class TrickleRead {
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int CHECKPOINT_MILLIS = 2_000;

  private record Arrival(long appended, long nanos) {}

  private static final Queue<Arrival> ARRIVALS = new ConcurrentLinkedQueue<>();

  private final Connection connection;
  private final EventTable table;

  /**
   * @param connection its writers must not hold rows back
   */
  TrickleRead(Connection connection, EventTable table) {
    this.connection = connection;
    this.table = table;
  }

  /** The latencies in nanoseconds, ascending, of the rows after the warm-up. */
  List<Long> measure(FlussCluster cluster, int parallelism, int seconds) throws Exception {
    table.create(connection);
    ARRIVALS.clear();
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    options.setCheckpointingInterval((long) CHECKPOINT_MILLIS);
    PipelineResult result =
        BeamRead.start(
            options, FlussIO.readRows().from(cluster, table.path().toString()), new ArriveFn());
    try (Table open = connection.getTable(table.path())) {
      AppendWriter writer = open.newAppend().createWriter();
      Random random = new Random(1);
      long sent = trickle(writer, random, ARRIVALS::isEmpty, PATIENCE_NANOS, 0);
      sent = trickle(writer, random, () -> true, WARM_UP_NANOS, sent);
      long start = System.nanoTime();
      sent = trickle(writer, random, () -> true, TimeUnit.SECONDS.toNanos(seconds), sent);
      await(sent);
      return ARRIVALS.stream()
          .filter(arrival -> arrival.appended() - start >= 0)
          .map(Arrival::nanos)
          .sorted()
          .toList();
    } finally {
      BeamRead.end(result);
    }
  }

  /** Appends as long as the time is not over and the condition holds. */
  private long trickle(
      AppendWriter writer, Random random, BooleanSupplier goOn, long nanos, long sent)
      throws InterruptedException {
    long start = System.nanoTime();
    long next = start;
    while (next - start < nanos && goOn.getAsBoolean()) {
      TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
      GenericRow row = table.row(random);
      row.setField(0, System.nanoTime());
      var unused = writer.append(row);
      sent++;
      next += PERIOD_NANOS;
    }
    return sent;
  }

  private static void await(long rows) throws InterruptedException {
    long start = System.nanoTime();
    while (ARRIVALS.size() < rows) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        throw new IllegalStateException(
            String.format("Only %d of %d rows came", ARRIVALS.size(), rows));
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private static final class ArriveFn extends DoFn<Row, Void> {
    @ProcessElement
    public void process(@Element Row row) {
      long now = System.nanoTime();
      long appended = row.getInt64(0);
      ARRIVALS.add(new Arrival(appended, now - appended));
    }
  }
}
