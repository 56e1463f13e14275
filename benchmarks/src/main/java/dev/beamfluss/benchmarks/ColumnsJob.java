package dev.beamfluss.benchmarks;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.transforms.ColumnUpsert;
import java.io.IOException;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Repeatedly;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/** Adds events up by shop and hour, on Flink. */
final class ColumnsJob {
  private static final Duration INTERVAL = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** After the last row is read it is written, and the watermark goes past the last hour. */
  private static final int CHECKPOINTS_UNTIL_OVER = 4;

  /** What a row of events adds. */
  private static final Schema TOTAL =
      Schema.builder().addInt64Field("sold").addDecimalField("gmv").addInt64Field("latest").build();

  private final ColumnsTables tables;
  private final String events;
  private final long rows;
  private final int parallelism;
  private int turn;

  ColumnsJob(ColumnsTables tables, String events, long rows, int parallelism) {
    this.tables = tables;
    this.events = events;
    this.rows = rows;
    this.parallelism = parallelism;
  }

  /**
   * Bytes of a checkpoint once all hours are counted and over, of a job that goes on.
   *
   * @param named a table of events
   */
  double measureState(String named) throws Exception {
    Counter.reset();
    String wide = "columns_turn_" + turn++;
    tables.createWide(wide);
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      FlinkPipelineOptions options = options(flink);
      Pipeline pipeline = Pipeline.create(options);
      begin(pipeline, read(named)).apply(upsert(wide, Duration.ZERO));
      PipelineResult result = pipeline.run();
      try {
        long start = System.nanoTime();
        while (Counter.rows() < rows) {
          UvJob.check(result);
          if (System.nanoTime() - start > PATIENCE.toNanos()) {
            throw new IllegalStateException(
                Counter.rows() + " of " + rows + " rows were read in " + PATIENCE);
          }
          TimeUnit.MILLISECONDS.sleep(100);
        }
        return flink.nextCheckpoint(CHECKPOINTS_UNTIL_OVER).bytes();
      } finally {
        BeamRead.end(result);
      }
    } finally {
      tables.drop(wide);
    }
  }

  /** Events a second, into columns of a wide table. */
  double measureUpsert() throws Exception {
    String wide = "columns_turn_" + turn++;
    tables.createWide(wide);
    try {
      return measure(changes -> changes.apply(upsert(wide, Duration.ofDays(100_000))));
    } finally {
      tables.drop(wide);
    }
  }

  /** The same totals as often, by Beam's own aggregation, to nowhere. */
  double measureDiscarded() throws Exception {
    return measure(
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

  private double measure(Way way) throws Exception {
    Counter.reset();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      FlinkPipelineOptions options = options(flink);
      Pipeline pipeline = Pipeline.create(options);
      way.count(begin(pipeline, read(events).withStoppingPosition(Position.latest())));
      options.setAttachedMode(true);
      // or with checkpoints a job never ends
      options.setShutdownSourcesAfterIdleMs(0L);
      PipelineResult.State state = pipeline.run().waitUntilFinish();
      double rate = Counter.rateSinceBegin(rows);
      if (state != PipelineResult.State.DONE || Counter.rows() != rows) {
        throw new IllegalStateException(
            String.format("The job is %s after %d of %d rows", state, Counter.rows(), rows));
      }
      return rate;
    }
  }

  private FlinkPipelineOptions options(CheckpointedFlink flink) throws IOException {
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    UvJob.BUNDLES.set(options);
    flink.configure(options);
    return options;
  }

  private FlussIO.Read<RowChange> read(String named) {
    return FlussIO.readChanges()
        .from(tables.cluster(), ColumnsTables.path(named).toString())
        .withColumns("shop_id", "stat_date", "stat_hour", "amount")
        .withTimestampColumn("event_time")
        .withStartingPosition(Position.earliest());
  }

  private static PCollection<RowChange> begin(Pipeline pipeline, FlussIO.Read<RowChange> read) {
    PCollection<RowChange> changes = pipeline.apply("read", read);
    return changes.apply("begin", ParDo.of(new BeginFn())).setCoder(changes.getCoder());
  }

  private ColumnUpsert<RowChange> upsert(String wide, Duration lateness) {
    return ColumnUpsert.ofChanges()
        .by(ColumnsTables.KEY.toArray(String[]::new))
        .withPeriod(Duration.ofHours(1))
        .withUpdateInterval(INTERVAL)
        .withAllowedLateness(lateness)
        .counting("sold")
        .summing("amount", "gmv")
        .withVersionColumn("version")
        .withLatestTimeColumn("latest")
        .to(tables.cluster(), ColumnsTables.path(wide).toString());
  }

  private static final class BeginFn extends DoFn<RowChange, RowChange> {
    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<RowChange> out) {
      Counter.begin();
      Counter.count(change);
      out.output(change);
    }
  }

  /** Adds up a bundle, as the runner does not before the shuffle of unbounded input. */
  private static final class ToTotalFn extends DoFn<RowChange, KV<Row, Row>> {
    private final Schema keys;
    private transient Map<Row, Row> totals;
    private transient org.joda.time.Instant latest;

    ToTotalFn(Schema keys) {
      this.keys = keys;
    }

    @StartBundle
    public void startBundle() {
      totals = new HashMap<>();
    }

    @ProcessElement
    public void process(@Element RowChange change, @Timestamp org.joda.time.Instant time) {
      Row row = change.row();
      latest = time;
      List<Object> key = new ArrayList<>(row.getValues().subList(0, keys.getFieldCount()));
      Row one =
          Row.withSchema(TOTAL)
              .attachValues(1L, Objects.requireNonNull(row.getDecimal("amount")), time.getMillis());
      totals.merge(Row.withSchema(keys).attachValues(key), one, Totals::sum);
    }

    @FinishBundle
    public void finishBundle(FinishBundleContext context) {
      totals.forEach(
          (key, total) -> context.output(KV.of(key, total), latest, GlobalWindow.INSTANCE));
    }
  }

  private static final class Totals extends Combine.BinaryCombineFn<Row> implements Serializable {
    @Override
    public Row apply(Row one, Row other) {
      return sum(one, other);
    }

    static Row sum(Row one, Row other) {
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
