package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds of {@link IdMapping} and {@link BitmapUv} on every runner. */
abstract class BitmapUvContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final int SHARDS = 4;
  private static final List<String> KINDS = List.of("visit", "order", "other");

  private static Connection connection;

  private final long seed = ThreadLocalRandom.current().nextLong();
  private final Random random = new Random(seed);
  private final JoinTables tables = new JoinTables(fluss, connection);
  private final FlussCluster cluster = tables.cluster();

  private String mapping;
  private String events;
  private String bitmaps;
  private String counts;

  /** By minute and kind, who was there. */
  private final Map<String, Map<String, Set<Long>>> expected = new TreeMap<>();

  @BeforeAll
  static void connect() {
    connection = JoinTables.connect(fluss);
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  /** Of a pipeline that never ends, and that run() starts and leaves running. */
  abstract PipelineOptions unbounded();

  abstract PipelineOptions bounded();

  private void createTables(BitmapType type) {
    System.err.println("seed " + seed);
    mapping =
        tables.create(
            "users",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("user_id", DataTypes.BIGINT())
                        .column("uid", DataTypes.BIGINT())
                        .primaryKey("user_id")
                        .enableAutoIncrement("uid")
                        .build())
                .distributedBy(2, "user_id")
                .build());
    events =
        tables.create(
            "events",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("user_id", DataTypes.BIGINT().copy(false))
                        .column("minute", DataTypes.STRING().copy(false))
                        .column("kind", DataTypes.STRING().copy(false))
                        .build())
                .distributedBy(3)
                .build());
    var merged = type == BitmapType.RBM32 ? AggFunctions.RBM32() : AggFunctions.RBM64();
    bitmaps =
        tables.create(
            "bitmaps",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("minute", DataTypes.STRING())
                        .column("shard", DataTypes.INT())
                        .column("visitors", DataTypes.BYTES(), merged)
                        .column("buyers", DataTypes.BYTES(), merged)
                        .primaryKey("minute", "shard")
                        .build())
                .distributedBy(2, "shard")
                .property("table.merge-engine", "aggregation")
                .build());
    counts =
        tables.create(
            "counts",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("minute", DataTypes.STRING())
                        .column("visitors", DataTypes.BIGINT())
                        .column("buyers", DataTypes.BIGINT())
                        .column("converted", DataTypes.BIGINT())
                        .primaryKey("minute")
                        .build())
                .distributedBy(2, "minute")
                .build());
  }

  /** Some users come all the time, most once; ids are neither small nor dense. */
  private void happen(int number) {
    FlussTable table = cluster.describe(events);
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      for (int i = 0; i < number; i++) {
        long user =
            7_000_000_000L * (random.nextInt(3) == 0 ? random.nextInt(5) : random.nextInt(2_000));
        String minute = "m" + random.nextInt(3);
        String kind = KINDS.get(random.nextInt(KINDS.size()));
        writer.upsert(Row.withSchema(table.schema()).addValues(user, minute, kind).build());
        if (!kind.equals("other")) {
          expected
              .computeIfAbsent(minute, unused -> new HashMap<>())
              .computeIfAbsent(kind, unused -> new HashSet<>())
              .add(user);
        }
      }
      writer.flush();
    }
  }

  private Map<String, List<Object>> expectedCounts() {
    Map<String, List<Object>> all = new TreeMap<>();
    expected.forEach(
        (minute, kinds) -> {
          Set<Long> visitors = kinds.getOrDefault("visit", Set.of());
          Set<Long> buyers = kinds.getOrDefault("order", Set.of());
          long both = buyers.stream().filter(visitors::contains).count();
          all.put(
              List.of(minute).toString(),
              List.of(minute, (long) visitors.size(), (long) buyers.size(), both));
        });
    return all;
  }

  private CollectBitmaps collect(IdShards shards) {
    return BitmapUv.collect()
        .ofIds("uid")
        .by("minute")
        .withShards(shards, "shard")
        .into("kind", Map.of("visit", "visitors", "order", "buyers"));
  }

  private CountBitmaps count(IdShards shards) {
    return BitmapUv.count()
        .in(cluster, bitmaps)
        .withShards(shards, "shard")
        .counting("visitors", "visitors")
        .counting("buyers", "buyers")
        .countingBoth("visitors", "buyers", "converted")
        .to(cluster, counts);
  }

  private void write(PCollection<Row> rows, IdShards shards) {
    rows.apply("Map", IdMapping.in(cluster, mapping))
        .apply("Bitmaps", collect(shards))
        .apply("Write", FlussIO.write().to(cluster, bitmaps));
  }

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void countsDistinctUsersWhileTheyCome(BitmapType type) throws Exception {
    createTables(type);
    IdShards shards = IdShards.of(SHARDS, type);
    happen(500);
    Pipeline pipeline = Pipeline.create(unbounded());
    write(
        pipeline.apply(
            FlussIO.readRows()
                .from(cluster, events)
                .withColumns("user_id", "minute", "kind")
                .withStartingPosition(Position.earliest())),
        shards);
    pipeline.apply("Count", count(shards));
    PipelineResult running = pipeline.run();
    try (TailedTable held = tables.tail(counts)) {
      rest(held, Duration.ZERO);
      for (int round = 0; round < 5; round++) {
        happen(200);
      }
      rest(held, Duration.ofMillis(400));
    } finally {
      running.cancel();
    }
    assertIdsAreDistinct();
  }

  private void rest(TailedTable held, Duration quiet) {
    Map<String, List<Object>> wanted = expectedCounts();
    assertThat(wanted, is(not(anEmptyMap())));
    DeltaJoinContract.assertComesToRest("seed " + seed, held, wanted, quiet);
  }

  private void assertIdsAreDistinct() throws Exception {
    Map<Long, Long> ids = mapped();
    assertThat("no two share one", new HashSet<>(ids.values()).size(), is(ids.size()));
  }

  /** As a batch job, and once more: a replay of everything. */
  @Test
  void aBoundedRunAndItsReplayCountTheSame() throws Exception {
    createTables(BitmapType.RBM32);
    IdShards shards = IdShards.of(SHARDS, BitmapType.RBM32);
    happen(1_000);
    Map<Long, Long> ids = null;
    for (int run = 0; run < 2; run++) {
      Pipeline writing = Pipeline.create(bounded());
      write(
          writing.apply(
              FlussIO.readRows()
                  .from(cluster, events)
                  .withColumns("user_id", "minute", "kind")
                  .withStoppingPosition(Position.latest())),
          shards);
      writing.run().waitUntilFinish();
      Pipeline counting = Pipeline.create(bounded());
      counting.apply(count(shards).withStoppingPosition(Position.latest()));
      counting.run().waitUntilFinish();
      try (TailedTable held = tables.tail(counts)) {
        rest(held, Duration.ofMillis(100));
      }
      assertIdsAreDistinct();
      Map<Long, Long> now = mapped();
      assertThat("ids never change", ids == null || ids.equals(now), is(true));
      ids = now;
    }
    assertThat(bitmapsOf("visit"), is(usersOf("visit", ids)));
  }

  /** The ids of all users there were. */
  private Map<Long, Long> mapped() {
    Set<Long> users = new HashSet<>();
    expected.values().forEach(kinds -> kinds.values().forEach(users::addAll));
    try (TailedTable held = tables.tail(mapping)) {
      Map<Long, Long> ids = new HashMap<>();
      await("ids of all users")
          .pollInSameThread()
          .until(
              () -> {
                held.contents()
                    .values()
                    .forEach(row -> ids.put((Long) row.get(0), (Long) row.get(1)));
                return ids.keySet().containsAll(users);
              });
      ids.keySet().retainAll(users);
      return ids;
    }
  }

  /** What the bitmaps hold, as ids: of the first minute. */
  private Set<Long> bitmapsOf(String kind) {
    FlussTable table = cluster.describe(bitmaps);
    IdShards shards = IdShards.of(SHARDS, BitmapType.RBM32);
    Schema key = table.schema(List.of("minute", "shard"));
    String column = kind.equals("visit") ? "visitors" : "buyers";
    Set<Long> ids = new HashSet<>();
    try (TableLookup lookup =
        TableLookup.open(table, List.of("minute", "shard"), key, List.of(column))) {
      for (int shard = 0; shard < SHARDS; shard++) {
        Row at = Row.withSchema(key).addValues("m0", shard).build();
        for (Row row : lookup.ask(at).rows()) {
          IdBitmap bitmap = IdBitmap.fromBytes(BitmapType.RBM32, row.getBytes(0));
          for (long value = 0; value < 1_000_000; value++) {
            if (bitmap.contains(value)) {
              ids.add(shards.idOf(shard, value));
            }
          }
        }
      }
    }
    return ids;
  }

  private Set<Long> usersOf(String kind, Map<Long, Long> ids) {
    Set<Long> all = new HashSet<>();
    expected.get("m0").get(kind).forEach(user -> all.add(ids.get(user)));
    return all;
  }
}
