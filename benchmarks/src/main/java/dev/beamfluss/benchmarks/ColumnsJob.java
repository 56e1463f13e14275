package dev.beamfluss.benchmarks;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.transforms.ColumnUpsert;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.windowing.AfterProcessingTime;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Repeatedly;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/** Adds events up by shop and hour, on Flink, from the first event read to the end of the job. */
final class ColumnsJob {
  private static final Duration INTERVAL = Duration.ofMillis(500);

  /** What a row of events adds. */
  private static final Schema TOTAL =
      Schema.builder().addInt64Field("sold").addDecimalField("gmv").addInt64Field("latest").build();

  private final ColumnsTables tables;
  private final String events;
  private final long rows;
  private final int parallelism;
  private int turn;
  private boolean watched;
  private volatile long greatestCheckpoint;

  ColumnsJob(ColumnsTables tables, String events, long rows, int parallelism) {
    this.tables = tables;
    this.events = events;
    this.rows = rows;
    this.parallelism = parallelism;
  }

  /** Events a second, into columns of a wide table. */
  double measureUpsert() throws Exception {
    return measureUpsert(events, Duration.ofDays(100_000));
  }

  /**
   * Bytes of the largest checkpoint while hours end one after the other.
   *
   * @param named a table of events
   */
  double measureState(String named) throws Exception {
    greatestCheckpoint = 0;
    watched = true;
    try {
      var unused = measureUpsert(named, Duration.ZERO);
    } finally {
      watched = false;
    }
    if (greatestCheckpoint == 0) {
      throw new IllegalStateException("The job ended before a checkpoint. Give more --rows.");
    }
    return greatestCheckpoint;
  }

  private double measureUpsert(String named, Duration lateness) throws Exception {
    String wide = "columns_turn_" + turn++;
    tables.createWide(wide);
    try {
      return measure(
          named,
          changes ->
              changes.apply(
                  ColumnUpsert.ofChanges()
                      .by(ColumnsTables.KEY.toArray(String[]::new))
                      .withPeriod(Duration.ofHours(1))
                      .withUpdateInterval(INTERVAL)
                      .withAllowedLateness(lateness)
                      .counting("sold")
                      .summing("amount", "gmv")
                      .withVersionColumn("version")
                      .withLatestTimeColumn("latest")
                      .to(tables.cluster(), ColumnsTables.path(wide).toString())));
    } finally {
      tables.drop(wide);
    }
  }

  /** The same totals as often, by Beam's own aggregation, to nowhere. */
  double measureDiscarded() throws Exception {
    return measure(
        events,
        changes -> {
          Schema schema = ((RowChangeCoder) changes.getCoder()).schema();
          Schema.Builder key = Schema.builder();
          ColumnsTables.KEY.forEach(column -> key.addField(schema.getField(column)));
          Schema keys = key.build();
          changes
              .apply("add", ParDo.of(new ToTotalFn(keys)))
              .setCoder(KvCoder.of(RowCoder.of(keys), RowCoder.of(TOTAL)))
              .apply(
                  Window.<KV<Row, Row>>into(new GlobalWindows())
                      .triggering(
                          Repeatedly.forever(
                              AfterProcessingTime.pastFirstElementInPane()
                                  .plusDelayOf(org.joda.time.Duration.millis(INTERVAL.toMillis()))))
                      .accumulatingFiredPanes()
                      .withAllowedLateness(org.joda.time.Duration.ZERO))
              .apply(Combine.perKey(new Totals()))
              .apply("discard", ParDo.of(new DiscardFn()));
        });
  }

  private interface Way {
    void count(PCollection<RowChange> changes);
  }

  private double measure(String named, Way way) throws Exception {
    Counter.reset();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      FlinkPipelineOptions options = BeamRead.flink(parallelism);
      UvJob.BUNDLES.set(options);
      flink.configure(options);
      Pipeline pipeline = Pipeline.create(options);
      PCollection<RowChange> changes =
          pipeline.apply(
              "read",
              FlussIO.readChanges()
                  .from(tables.cluster(), ColumnsTables.path(named).toString())
                  .withColumns("shop_id", "stat_date", "stat_hour", "amount")
                  .withTimestampColumn("event_time")
                  .withStartingPosition(Position.earliest())
                  .withStoppingPosition(Position.latest()));
      way.count(changes.apply("begin", ParDo.of(new BeginFn())).setCoder(changes.getCoder()));
      options.setAttachedMode(true);
      // or with checkpoints a job never ends
      options.setShutdownSourcesAfterIdleMs(0L);
      Thread watcher = new Thread(() -> watchCheckpoints(flink), "checkpoints");
      watcher.setDaemon(true);
      if (watched) {
        watcher.start();
      }
      PipelineResult.State state;
      try {
        state = pipeline.run().waitUntilFinish();
      } finally {
        watcher.interrupt();
      }
      double rate = Counter.rateSinceBegin(rows);
      if (state != PipelineResult.State.DONE || Counter.rows() != rows) {
        throw new IllegalStateException(
            String.format("The job is %s after %d of %d rows", state, Counter.rows(), rows));
      }
      return rate;
    }
  }

  /** Until the thread is interrupted. */
  private void watchCheckpoints(CheckpointedFlink flink) {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(500);
        greatestCheckpoint = Math.max(greatestCheckpoint, greatestNow(flink));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static long greatestNow(CheckpointedFlink flink) throws InterruptedException {
    try {
      return flink.checkpoints().stream()
          .mapToLong(CheckpointedFlink.Checkpoint::bytes)
          .max()
          .orElse(0);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      // the cluster is not there yet, or no more
      return 0;
    }
  }

  private static final class BeginFn extends DoFn<RowChange, RowChange> {
    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<RowChange> out) {
      Counter.begin();
      Counter.count(change);
      out.output(change);
    }
  }

  private static final class ToTotalFn extends DoFn<RowChange, KV<Row, Row>> {
    private final Schema keys;

    ToTotalFn(Schema keys) {
      this.keys = keys;
    }

    @ProcessElement
    public void process(
        @Element RowChange change,
        @Timestamp org.joda.time.Instant time,
        OutputReceiver<KV<Row, Row>> out) {
      Row row = change.row();
      List<Object> key = new ArrayList<>(row.getValues().subList(0, keys.getFieldCount()));
      out.output(
          KV.of(
              Row.withSchema(keys).attachValues(key),
              Row.withSchema(TOTAL)
                  .attachValues(
                      1L, Objects.requireNonNull(row.getDecimal("amount")), time.getMillis())));
    }
  }

  private static final class Totals extends Combine.BinaryCombineFn<Row> implements Serializable {
    @Override
    public Row apply(Row one, Row other) {
      BigDecimal gmv = one.getDecimal("gmv");
      return Row.withSchema(TOTAL)
          .attachValues(
              one.getInt64("sold") + other.getInt64("sold"),
              gmv.add(other.getDecimal("gmv")),
              Math.max(one.getInt64("latest"), other.getInt64("latest")));
    }
  }

  private static final class DiscardFn extends DoFn<KV<Row, Row>, Void> {
    @ProcessElement
    public void process() {}
  }
}
