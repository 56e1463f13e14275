package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.hamcrest.Matcher;

/**
 * Order lines that come, change, move to another shop and go, exposures that only come, a wide
 * table of shops and hours, and what it should hold.
 */
final class ShopHours {
  static final Duration HOUR = Duration.ofHours(1);
  static final long FIRST_HOUR = 1_772_366_400_000L;
  private static final int HOURS = 3;

  /** So old may the rows be while they are still written: idle buckets follow the clock. */
  private static final Duration AGE = Duration.ofDays(10_000);

  final long seed = ThreadLocalRandom.current().nextLong();
  private final Random random = new Random(seed);
  private final JoinTables tables;
  final FlussCluster cluster;
  final String wide;
  private final String orders;
  private final String exposures;

  private final Map<List<Object>, Line> lines = new HashMap<>();
  private final Map<List<Object>, Long> exposed = new HashMap<>();
  private final Set<List<Object>> ordered = new HashSet<>();

  private record Line(long shop, long at, @Nullable Long amount) {
    List<Object> cell() {
      return ShopHours.cell(shop, at);
    }
  }

  ShopHours(JoinTables tables) {
    System.err.println("seed " + seed);
    this.tables = tables;
    this.cluster = tables.cluster();
    orders =
        create(
            "orders",
            columns().column("amount", DataTypes.BIGINT()).primaryKey("order_id", "line_no"),
            "order_id");
    exposures = create("exposures", columns(), null);
    wide =
        create(
            "shop_hours",
            org.apache.fluss.metadata.Schema.newBuilder()
                .column("shop_id", DataTypes.BIGINT())
                .column("stat_hour", DataTypes.STRING())
                .column("exp_cnt", DataTypes.BIGINT())
                .column("line_cnt", DataTypes.BIGINT())
                .column("order_cnt", DataTypes.BIGINT())
                .column("gmv", DataTypes.BIGINT())
                .column("order_version", DataTypes.BIGINT())
                .column("note", DataTypes.STRING())
                .primaryKey("shop_id", "stat_hour"),
            "shop_id");
  }

  private static org.apache.fluss.metadata.Schema.Builder columns() {
    return org.apache.fluss.metadata.Schema.newBuilder()
        .column("order_id", DataTypes.BIGINT())
        .column("line_no", DataTypes.BIGINT())
        .column("shop_id", DataTypes.BIGINT())
        .column("stat_hour", DataTypes.STRING())
        .column("at", DataTypes.BIGINT());
  }

  private String create(
      String name, org.apache.fluss.metadata.Schema.Builder schema, @Nullable String bucketKey) {
    TableDescriptor.Builder table = TableDescriptor.builder().schema(schema.build());
    return tables.create(
        name,
        (bucketKey == null ? table.distributedBy(2) : table.distributedBy(2, bucketKey)).build());
  }

  static String hour(long at) {
    return "h" + (at - FIRST_HOUR) / HOUR.toMillis();
  }

  private static List<Object> cell(long shop, long at) {
    return List.of(shop, hour(at));
  }

  /** Of all hours, in any order. */
  void happen(int number) {
    FlussTable orderTable = cluster.describe(orders);
    FlussTable exposureTable = cluster.describe(exposures);
    try (TableWriter lineWriter = TableWriter.open(orderTable, orderTable.schema());
        TableWriter exposureWriter = TableWriter.open(exposureTable, exposureTable.schema())) {
      for (int i = 0; i < number; i++) {
        long shop = random.nextInt(5);
        long at = FIRST_HOUR + random.nextInt(HOURS * (int) HOUR.toMillis());
        if (random.nextBoolean()) {
          exposureWriter.upsert(row(exposureTable.schema(), null, null, shop, hour(at), at));
          exposed.merge(cell(shop, at), 1L, Long::sum);
          continue;
        }
        List<Object> key = List.of((long) random.nextInt(300), (long) random.nextInt(3));
        Line before = lines.get(key);
        if (before != null && random.nextInt(4) == 0) {
          lineWriter.delete(line(orderTable.schema(), key, before));
          lines.remove(key);
          continue;
        }
        Long amount = random.nextInt(10) == 0 ? null : (long) random.nextInt(1_000) - 100;
        Line line =
            before != null && random.nextBoolean()
                ? new Line(before.shop(), before.at(), amount)
                : new Line(shop, at, amount);
        // some come twice
        for (int times = random.nextInt(5) == 0 ? 2 : 1; times > 0; times--) {
          lineWriter.upsert(line(orderTable.schema(), key, line));
        }
        lines.put(key, line);
        ordered.add(line.cell());
      }
      lineWriter.flush();
      exposureWriter.flush();
    }
  }

  private static Row line(Schema schema, List<Object> key, Line line) {
    return row(
        schema, key.get(0), key.get(1), line.shop(), hour(line.at()), line.at(), line.amount());
  }

  private static Row row(Schema schema, @Nullable Object... values) {
    return Row.withSchema(schema).attachValues(Arrays.asList(values));
  }

  /** What another job has written. */
  void note(long shop, String hour, String text) {
    Schema partial = cluster.describe(wide).schema(List.of("shop_id", "stat_hour", "note"));
    try (TableWriter writer = TableWriter.openPartial(cluster.describe(wide), partial)) {
      writer.upsert(row(partial, shop, hour, text));
      writer.flush();
    }
  }

  FlussIO.Read<RowChange> readOrders() {
    return FlussIO.readChanges()
        .from(cluster, orders)
        .withColumns("order_id", "shop_id", "stat_hour", "amount")
        .withTimestampColumn("at")
        .withMaxOutOfOrderness(AGE);
  }

  FlussIO.Read<Row> readExposures() {
    return FlussIO.readRows()
        .from(cluster, exposures)
        .withColumns("shop_id", "stat_hour")
        .withTimestampColumn("at")
        .withMaxOutOfOrderness(AGE);
  }

  <T> ColumnUpsert<T> into(ColumnUpsert<T> upsert) {
    return upsert
        .by("shop_id", "stat_hour")
        .withPeriod(HOUR)
        .withUpdateInterval(Duration.ofMillis(50))
        .to(cluster, wide);
  }

  ColumnUpsert<RowChange> orders() {
    return into(ColumnUpsert.ofChanges())
        .counting("line_cnt")
        .countingDistinct("order_id", "order_cnt")
        .summing("amount", "gmv")
        .withVersionColumn("order_version");
  }

  ColumnUpsert<Row> exposures() {
    return into(ColumnUpsert.ofRows()).counting("exp_cnt");
  }

  /** By cell, without the version and the note. */
  private Map<String, List<Object>> expected() {
    Map<List<Object>, List<Line>> byCell = new HashMap<>();
    Map<List<Object>, Set<Object>> ofCell = new HashMap<>();
    lines.forEach(
        (key, line) -> {
          byCell.computeIfAbsent(line.cell(), unused -> new ArrayList<>()).add(line);
          ofCell.computeIfAbsent(line.cell(), unused -> new HashSet<>()).add(key.get(0));
        });
    Set<List<Object>> cells = new HashSet<>(exposed.keySet());
    cells.addAll(ordered);
    Map<String, List<Object>> all = new TreeMap<>();
    for (List<Object> cell : cells) {
      List<Object> values = new ArrayList<>(cell);
      values.add(exposed.get(cell));
      List<Line> ofOrders = byCell.getOrDefault(cell, List.of());
      // once there was an order, its columns are written
      boolean has = ordered.contains(cell);
      values.add(has ? (Object) (long) ofOrders.size() : null);
      values.add(has ? (Object) (long) ofCell.getOrDefault(cell, Set.of()).size() : null);
      values.add(
          has
              ? (Object) ofOrders.stream().mapToLong(l -> l.amount() == null ? 0 : l.amount()).sum()
              : null);
      all.put(cell.toString(), values);
    }
    return all;
  }

  /** Waits until the wide table holds what it should. */
  void assertComesToRest() {
    Map<String, List<Object>> wanted = expected();
    assertThat(wanted, is(not(anEmptyMap())));
    try (TailedTable held = tables.tail(wide)) {
      await("the columns, seed " + seed)
          .pollInSameThread()
          .pollInterval(Duration.ofMillis(20))
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> {
                Map<String, List<Object>> found = new TreeMap<>();
                held.contents().forEach((key, row) -> found.put(key, row.subList(0, 6)));
                assertThat(found, is(wanted));
              });
    }
  }

  Versions versions() {
    return new Versions();
  }

  /** Follows every change of the wide table. */
  final class Versions implements AutoCloseable {
    private final Map<String, Long> latest = new HashMap<>();
    private final TailedTable held = tables.tail(wide, this::see);
    private int seen;

    private void see(List<Object> row) {
      Long version = (Long) row.get(6);
      if (version == null) {
        return;
      }
      seen++;
      String cell = row.subList(0, 2).toString();
      Long before = latest.put(cell, version);
      if (before != null && before > version) {
        throw new IllegalStateException(
            String.format("%s went back from %d to %d, seed %d", cell, before, version, seed));
      }
    }

    void requireNoneBack() throws Exception {
      held.contents();
    }

    /** How many changes. */
    int seen() {
      return seen;
    }

    @Override
    public void close() {
      held.close();
    }
  }

  /** Waits for a row. */
  void assertBecomes(String key, Matcher<? super List<Object>> wanted) {
    try (TailedTable held = tables.tail(wide)) {
      await(key)
          .pollInSameThread()
          .atMost(Duration.ofMinutes(1))
          .until(() -> held.contents().get(key), wanted);
    }
  }

  BigDecimal decimalOf(String table, long shop, String hour) {
    FlussTable described = cluster.describe(table);
    Schema key = described.schema(List.of("shop_id", "stat_hour"));
    try (TableLookup lookup =
        TableLookup.open(described, List.of("shop_id", "stat_hour"), key, List.of("gmv"))) {
      return lookup.ask(row(key, shop, hour)).rows().get(0).getDecimal(0);
    }
  }
}
