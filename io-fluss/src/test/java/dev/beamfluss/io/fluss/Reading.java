package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** What a runner does with a reader, and what must hold at every step of it. */
final class Reading implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final PipelineOptions OPTIONS = PipelineOptionsFactory.create();

  final UnboundedSource.UnboundedReader<RowBatch> reader;
  final List<Row> rows = new ArrayList<>();
  final List<String> changes = new ArrayList<>();
  final List<Long> timestamps = new ArrayList<>();
  final List<UnreadableRow> unreadable = new ArrayList<>();
  private int batches;
  private boolean mayBeLate;
  private boolean started;
  private Instant watermark = BoundedWindow.TIMESTAMP_MIN_VALUE;

  Reading(UnboundedLogSource source, @Nullable ReadCheckpoint checkpoint) throws IOException {
    reader = source.createReader(OPTIONS, checkpoint);
  }

  /** For event times that go back and forth. */
  Reading withLateRows() {
    mayBeLate = true;
    return this;
  }

  boolean step() throws IOException {
    boolean has = started ? reader.advance() : reader.start();
    started = true;
    if (has) {
      batches++;
      RowBatch batch = reader.getCurrent();
      rows.addAll(batch.rows());
      unreadable.addAll(batch.unreadable());
      for (int i = 0; i < batch.size(); i++) {
        timestamps.add(batch.timestamps()[i]);
        changes.add(batch.kind(i).sign() + batch.rows().get(i).getValues());
        assertThat("not late", mayBeLate || batch.timestamps()[i] >= watermark.getMillis());
      }
      assertThat(
          "no row of a batch is before its timestamp",
          Instant.ofEpochMilli(reader.getCurrent().minTimestamp(Long.MAX_VALUE / 2)),
          greaterThanOrEqualTo(reader.getCurrentTimestamp()));
    }
    Instant now = reader.getWatermark();
    assertThat("the watermark never goes back", now, greaterThanOrEqualTo(watermark));
    watermark = now;
    return has;
  }

  void untilPlaced() {
    until(() -> checkpoint().started());
  }

  void untilBatches(int number) {
    until(() -> batches >= number);
  }

  void untilRows(int number) {
    until(() -> rows.size() >= number);
  }

  void untilPartitions(int number) {
    until(
        () ->
            checkpoint().positions().keySet().stream().map(BucketId::partitionId).distinct().count()
                == number);
  }

  void untilQuiet() {
    int[] quiet = {0};
    until(() -> quiet[0] > 100, () -> quiet[0] = step() ? 0 : quiet[0] + 1);
  }

  /** What it fails with, which it is to do within the time. */
  RuntimeException failure(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    return assertThrows(RuntimeException.class, () -> until(() -> System.nanoTime() > end));
  }

  void until(Condition condition) {
    until(condition, this::step);
  }

  private void until(Condition condition, Step step) {
    await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .atMost(PATIENCE)
        .until(
            () -> {
              if (condition.holds()) {
                return true;
              }
              step.take();
              return condition.holds();
            });
  }

  ReadCheckpoint checkpoint() throws IOException {
    ReadCheckpoint mark = (ReadCheckpoint) reader.getCheckpointMark();
    return CoderUtils.clone(ReadCheckpoint.Coder.of(), mark);
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  @FunctionalInterface
  interface Condition {
    boolean holds() throws IOException;
  }

  @FunctionalInterface
  interface Step {
    Object take() throws IOException;
  }
}
