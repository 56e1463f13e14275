package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.local.FlussExtension;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TimestampedValue;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Failures, savepoints and other parallelisms, with days that are over and one to come. */
class MinuteTotalsRestartFlinkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  /** Idle buckets follow the clock, so all of a past day is late. */
  private static final Duration AGE = Duration.ofDays(30);

  @TempDir static Path directory;
  private static FlinkCluster flink;
  private static Connection connection;

  private final long seed = ThreadLocalRandom.current().nextLong();
  private final Random random = new Random(seed);
  private final Instant today = Instant.now().truncatedTo(ChronoUnit.DAYS);
  private final JoinTables tables = new JoinTables(fluss, connection);
  private final FlussCluster cluster = tables.cluster();
  private final List<TimestampedValue<Row>> happened = new ArrayList<>();
  private final Map<List<String>, Long> versions = new HashMap<>();

  private String lines;
  private String totals;
  private Faults faults;

  @BeforeAll
  static void start() throws Exception {
    flink = new FlinkCluster(directory, 4);
    connection = JoinTables.connect(fluss);
  }

  @AfterAll
  static void stop() throws Exception {
    flink.close();
    connection.close();
  }

  private void create() {
    lines =
        tables.create(
            "lines",
            TableDescriptor.builder()
                .schema(
                    Schema.newBuilder()
                        .column("order_source", DataTypes.STRING())
                        .column("order_id", DataTypes.STRING())
                        .column("amount", DataTypes.DECIMAL(18, 2))
                        .column("at", DataTypes.BIGINT())
                        .build())
                .distributedBy(3)
                .build());
    totals =
        tables.create(
            "totals",
            TableDescriptor.builder()
                .schema(
                    Schema.newBuilder()
                        .column("ds", DataTypes.STRING())
                        .column("mm", DataTypes.STRING())
                        .column("order_source", DataTypes.STRING())
                        .column("order_cnt", DataTypes.BIGINT())
                        .column("order_gmv", DataTypes.DECIMAL(38, 2))
                        .column("lines", DataTypes.BIGINT())
                        .primaryKey("ds", "mm", "order_source")
                        .build())
                .distributedBy(2, "mm", "order_source")
                .property("table.merge-engine", "versioned")
                .property("table.merge-engine.versioned.ver-column", "lines")
                .build());
  }

  private void happen(List<TimestampedValue<Row>> more) {
    FlussTable table = cluster.describe(lines);
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      for (TimestampedValue<Row> line : more) {
        List<Object> values = new ArrayList<>(line.getValue().getValues());
        values.add(line.getTimestamp().getMillis());
        writer.upsert(Row.withSchema(table.schema()).attachValues(values));
      }
      writer.flush();
    }
    happened.addAll(more);
  }

  private void happen(int orders) {
    happen(MinuteOrders.random(random, today.minus(Duration.ofDays(3)), 2, orders));
  }

  private FlinkCluster.Job submit(int parallelism, @Nullable String savepoint) throws Exception {
    FlinkPipelineOptions options = flink.options(parallelism);
    options.setSavepointPath(savepoint);
    // as what is shared between steps must not be changed by one
    options.setObjectReuse(true);
    options.setFasterCopy(true);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply(
            FlussIO.readRows()
                .from(cluster, lines)
                .withColumns("order_source", "order_id", "amount")
                .withTimestampColumn("at")
                .withStartingPosition(Position.earliest()))
        .apply(
            MinuteOrders.totals()
                .withAllowedLateness(AGE)
                .withUpdateInterval(Duration.ofMillis(50)))
        .apply(FlussIO.write().to(cluster, totals))
        .getAcknowledged()
        .apply("Numbers", MapElements.into(TypeDescriptors.longs()).via(number -> number))
        .apply("Fail", faults);
    return flink.submit(pipeline);
  }

  @Test
  void totalsAreRightThoughItFailsAndIsRestored() throws Exception {
    System.err.println("seed " + seed);
    create();
    String savepoint = null;
    try (TailedTable held = tables.tail(totals, this::requireNotBack)) {
      for (int parallelism : new int[] {1, 2, 4}) {
        faults = new Faults();
        happen(100);
        FlinkCluster.Job job = submit(parallelism, savepoint);
        job.awaitMoreCheckpoints(1);
        faults.failAfter(Faults.Place.WRITTEN, 3);
        await("a failure")
            .pollInSameThread()
            .pollInterval(Duration.ofMillis(50))
            .atMost(Duration.ofMinutes(1))
            .until(
                () -> {
                  job.check();
                  happen(3);
                  return faults.failures() > 0;
                });
        happen(50);
        assertComesToRest(held, job);
        if (parallelism < 4) {
          savepoint = job.stopWithSavepoint();
          happen(50);
        } else {
          minutesToComeAreThereAtOnce(held, job);
          job.cancel();
        }
      }
      assertThat(versions.size(), is(greaterThan(1_440)));
    }
  }

  private void requireNotBack(List<Object> row) {
    List<String> key = List.of((String) row.get(0), (String) row.get(1), (String) row.get(2));
    Long before = versions.put(key, (Long) row.get(5));
    if (before != null && before > (Long) row.get(5)) {
      throw new IllegalStateException(row + " went back from " + before + ", seed " + seed);
    }
  }

  private void assertComesToRest(TailedTable held, FlinkCluster.Job job) {
    Map<List<String>, MinuteOrders.Total> expected =
        MinuteOrders.expected(happened, ZoneOffset.UTC);
    await("the totals, seed " + seed)
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(100))
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              job.check();
              Map<List<String>, MinuteOrders.Total> found = contents(held);
              expected.forEach(
                  (key, total) -> assertThat(key.toString(), found.get(key), is(total)));
              assertThat(found.keySet(), is(expected.keySet()));
            });
  }

  private static Map<List<String>, MinuteOrders.Total> contents(TailedTable held) throws Exception {
    Map<List<String>, MinuteOrders.Total> found = new HashMap<>();
    for (List<Object> row : held.contents().values()) {
      found.put(
          List.of((String) row.get(0), (String) row.get(1), (String) row.get(2)),
          new MinuteOrders.Total(
              (Long) row.get(3),
              ((BigDecimal) row.get(4)).stripTrailingZeros(),
              (Long) row.get(5)));
    }
    return found;
  }

  /** Which no watermark passes; the second is before the first. */
  private void minutesToComeAreThereAtOnce(TailedTable held, FlinkCluster.Job job) {
    Instant day = today.plus(Duration.ofDays(2));
    String ds = LocalMinutes.name(day.atZone(ZoneOffset.UTC).toLocalDate());
    happen(List.of(line(day, 23, "ahead 1")));
    awaitTotal(held, job, List.of(ds, "2300", "web"), 1);
    happen(List.of(line(day, 9, "ahead 2")));
    awaitTotal(held, job, List.of(ds, "0900", "web"), 1);
    awaitTotal(held, job, List.of(ds, "2300", "web"), 2);
  }

  private static TimestampedValue<Row> line(Instant day, int hour, String order) {
    return MinuteOrders.line(day.plus(Duration.ofHours(hour)).toString(), "web", order, "1");
  }

  private static void awaitTotal(
      TailedTable held, FlinkCluster.Job job, List<String> key, long orders) {
    await(key + " with " + orders)
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(50))
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              job.check();
              MinuteOrders.Total total = contents(held).get(key);
              return total != null && total.orders() == orders;
            });
  }
}
