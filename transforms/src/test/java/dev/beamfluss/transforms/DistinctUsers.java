package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/** Events of users in tables, bitmaps and counts of them, and what these should be. */
final class DistinctUsers {
  private static final int SHARDS = 4;
  private static final List<String> KINDS = List.of("visit", "order", "other");

  private final long seed = ThreadLocalRandom.current().nextLong();
  private final Random random = new Random(seed);
  private final JoinTables tables;
  private final FlussCluster cluster;
  private final IdShards shards;
  private final String mapping;
  private final String events;
  private final String bitmaps;
  private final String counts;

  /** By minute and kind, who was there. */
  private final Map<String, Map<String, Set<Long>>> expected = new TreeMap<>();

  DistinctUsers(JoinTables tables, BitmapType type) {
    System.err.println("seed " + seed);
    this.tables = tables;
    this.cluster = tables.cluster();
    this.shards = IdShards.of(SHARDS, type);
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
  void happen(int number) {
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

  /** How long bitmaps are gathered; those of 64 bits not at all, so that both ways are taken. */
  private Duration gathering() {
    return shards.type() == BitmapType.RBM32 ? Duration.ofMillis(100) : Duration.ZERO;
  }

  private CollectBitmaps collect() {
    return BitmapUv.collect()
        .withGatherInterval(gathering())
        .ofIds("uid")
        .by("minute")
        .withShards(shards, "shard")
        .into("kind", Map.of("visit", "visitors", "order", "buyers"));
  }

  CountBitmaps count() {
    return BitmapUv.count()
        .in(cluster, bitmaps)
        .withShards(shards, "shard")
        .counting("visitors", "visitors")
        .counting("buyers", "buyers")
        .countingAll("converted", "visitors", "buyers")
        .to(cluster, counts);
  }

  FlussIO.Read<Row> read() {
    return FlussIO.readRows().from(cluster, events).withColumns("user_id", "minute", "kind");
  }

  /**
   * @param between what happens to the rows after they have ids
   */
  void write(PCollection<Row> rows, PTransform<PCollection<Row>, PCollection<Row>> between) {
    rows.apply("Map", IdMapping.in(cluster, mapping))
        .apply("Between", between)
        .apply("Bitmaps", collect())
        .apply("Write", FlussIO.write().to(cluster, bitmaps));
  }

  void assertComeToRest(Duration quiet) {
    Map<String, List<Object>> wanted = expectedCounts();
    assertThat(wanted, is(not(anEmptyMap())));
    try (TailedTable held = tables.tail(counts)) {
      DeltaJoinContract.assertComesToRest("seed " + seed, held, wanted, quiet);
    }
  }

  void assertIdsAreDistinct() throws Exception {
    Map<Long, Long> ids = mapped();
    assertThat("no two share one", new HashSet<>(ids.values()).size(), is(ids.size()));
  }

  /** The ids of all users there were. */
  Map<Long, Long> mapped() {
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
  Set<Long> bitmapsOf(String kind) {
    FlussTable table = cluster.describe(bitmaps);
    Schema key = table.schema(List.of("minute", "shard"));
    String column = kind.equals("visit") ? "visitors" : "buyers";
    Set<Long> ids = new HashSet<>();
    try (TableLookup lookup =
        TableLookup.open(table, List.of("minute", "shard"), key, List.of(column))) {
      for (int shard = 0; shard < SHARDS; shard++) {
        Row at = Row.withSchema(key).addValues("m0", shard).build();
        for (Row row : lookup.ask(at).rows()) {
          IdBitmap bitmap = IdBitmap.fromBytes(shards.type(), row.getBytes(0));
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

  Set<Long> usersOf(String kind, Map<Long, Long> ids) {
    Set<Long> all = new HashSet<>();
    expected.get("m0").get(kind).forEach(user -> all.add(ids.get(user)));
    return all;
  }
}
