package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.MapState;
import org.apache.beam.sdk.state.SetState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Duration;

/**
 * What one would write without bitmaps: all users of a day, or a minute, are in the state of the
 * engine, in RocksDB. Their keys are parts of a period, so that all workers have some of a day;
 * each part tells how many users it has at most every 200 ms, as ours does, and the parts of a
 * period are summed up.
 */
final class BeamDistinct implements UvJob.Way {
  private static final int PARTS = 64;
  private static final Duration REFRESH = Duration.millis(200);

  private final FlussCluster cluster;

  BeamDistinct(FlussCluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void count(PCollection<Row> events, UvTables tables, UvCounts counts, Position from) {
    for (List<String> by : List.of(UvTables.MINUTE, UvTables.DAY)) {
      String step = by.get(by.size() - 1);
      Schema.Builder builder = Schema.builder();
      by.forEach(builder::addStringField);
      Schema counted = builder.addInt64Field(UvTables.COUNT).build();
      int[] fields = by.stream().mapToInt(events.getSchema()::indexOf).toArray();
      events
          .apply(
              "by " + step, ParDo.of(new PartFn(fields, events.getSchema().indexOf(UvTables.USER))))
          .setCoder(
              KvCoder.of(KvCoder.of(StringUtf8Coder.of(), VarIntCoder.of()), VarLongCoder.of()))
          .apply("distinct by " + step, ParDo.of(new DistinctFn()))
          .setCoder(
              KvCoder.of(StringUtf8Coder.of(), KvCoder.of(VarIntCoder.of(), VarLongCoder.of())))
          .apply("sum by " + step, ParDo.of(new SumFn(counted)))
          .setRowSchema(counted)
          .apply("write by " + step, FlussIO.write().to(cluster, counts.table(by).toString()));
    }
  }

  /** Checkpoints have what is new; their bytes are told of all there is. */
  @Override
  public Map<String, String> settings() {
    return Map.of(
        "state.backend.type", "rocksdb",
        "state.backend.incremental", "true",
        "taskmanager.memory.managed.size", "1gb");
  }

  /** To which part of which period a user belongs. */
  private static final class PartFn extends DoFn<Row, KV<KV<String, Integer>, Long>> {
    private final int[] fields;
    private final int userField;

    PartFn(int[] fields, int userField) {
      this.fields = fields;
      this.userField = userField;
    }

    @ProcessElement
    public void process(@Element Row event, OutputReceiver<KV<KV<String, Integer>, Long>> out) {
      StringBuilder period = new StringBuilder();
      for (int field : fields) {
        period.append(period.isEmpty() ? "" : "/").append(event.getString(field));
      }
      Long user = event.getInt64(userField);
      int part = Math.floorMod(Long.hashCode(user), PARTS);
      out.output(KV.of(KV.of(period.toString(), part), user));
    }
  }

  static final class DistinctFn
      extends DoFn<KV<KV<String, Integer>, Long>, KV<String, KV<Integer, Long>>> {
    @StateId("users")
    private final StateSpec<SetState<Long>> users = StateSpecs.set(VarLongCoder.of());

    @StateId("count")
    private final StateSpec<ValueState<Long>> count = StateSpecs.value(VarLongCoder.of());

    @StateId("waits")
    private final StateSpec<ValueState<Boolean>> waits = StateSpecs.value();

    @TimerId("refresh")
    private final TimerSpec refresh = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

    @ProcessElement
    public void process(
        @Element KV<KV<String, Integer>, Long> event,
        @StateId("users") SetState<Long> users,
        @StateId("count") ValueState<Long> count,
        @StateId("waits") ValueState<Boolean> waits,
        @TimerId("refresh") Timer refresh) {
      Boolean isNew = users.addIfAbsent(event.getValue()).read();
      if (isNew == null || !isNew) {
        return;
      }
      count.write(orZero(count.read()) + 1);
      if (waits.read() == null) {
        waits.write(true);
        refresh.offset(REFRESH).setRelative();
      }
    }

    @OnTimer("refresh")
    public void refresh(
        @Key KV<String, Integer> part,
        @StateId("count") ValueState<Long> count,
        @StateId("waits") ValueState<Boolean> waits,
        OutputReceiver<KV<String, KV<Integer, Long>>> out) {
      waits.clear();
      out.output(KV.of(part.getKey(), KV.of(part.getValue(), orZero(count.read()))));
    }
  }

  private static final class SumFn extends DoFn<KV<String, KV<Integer, Long>>, Row> {
    private final Schema counted;

    @StateId("parts")
    private final StateSpec<MapState<Integer, Long>> parts =
        StateSpecs.map(VarIntCoder.of(), VarLongCoder.of());

    @StateId("sum")
    private final StateSpec<ValueState<Long>> sum = StateSpecs.value(VarLongCoder.of());

    SumFn(Schema counted) {
      this.counted = counted;
    }

    @ProcessElement
    public void process(
        @Element KV<String, KV<Integer, Long>> part,
        @StateId("parts") MapState<Integer, Long> parts,
        @StateId("sum") ValueState<Long> sum,
        OutputReceiver<Row> out) {
      int number = part.getValue().getKey();
      long users = part.getValue().getValue();
      long all = orZero(sum.read()) + users - orZero(parts.get(number).read());
      parts.put(number, users);
      sum.write(all);
      List<Object> values = new ArrayList<>(Arrays.asList((Object[]) part.getKey().split("/", -1)));
      values.add(all);
      out.output(Row.withSchema(counted).attachValues(values));
    }
  }

  private static long orZero(Long number) {
    return number == null ? 0 : number;
  }
}
