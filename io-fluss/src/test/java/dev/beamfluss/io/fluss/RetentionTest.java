package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.LocalFluss;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cluster drops a partition whose time has come, tiered or not: not before midnight, and with
 * days, by a delay later that the coordinator draws for each table, so that they are not dropped
 * all at once.
 */
@Timeout(240)
class RetentionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LONGEST_DELAY = Duration.ofHours(23);
  private static final TablePath PATH = TablePath.of("shop", "daily_orders");
  private static final String LOOK = "auto-partition.check.interval";

  @TempDir Path directory;

  @Test
  void whatIsNotTieredWhenAPartitionExpiresIsLostAndToldBefore() {
    LocalDate today = LocalDate.now(ZoneId.systemDefault());
    String day = today.format(DateTimeFormatter.BASIC_ISO_DATE);
    LocalDateTime expires = today.plusDays(2).atStartOfDay(); // a day after its last row may come
    List<String> tiered = new ArrayList<>();
    LocalFluss.Builder cluster = LocalFluss.builder().directory(directory);
    try (LocalFluss fluss = cluster.tiering().property(LOOK, "500ms").start()) {
      FlussTable table = create(FlussCluster.at(fluss.bootstrapServers()), day);
      write(table, day, 0, 40).forEach(row -> tiered.add(row.getValues().toString()));
      LakeTables.awaitTiered(table);
      assertThat(LakeLag.of(table.cluster(), table.path()).get(0).age(), equalTo(Duration.ZERO));
      fluss.stopTiering();
      write(table, day, 40, 50);

      List<LakeLag> lags = LakeLag.of(table.cluster(), table.path());
      assertThat(lags, hasSize(1));
      assertThat(lags.get(0).partition(), equalTo(day));
      assertThat("the alarm", lags.get(0).untieredRows(), equalTo(10L));
      await().until(() -> age(table).compareTo(lags.get(0).age()) > 0);
      assertThat(age(table), greaterThan(Duration.ZERO));

      LookedAt before = new LookedAt(expires.minusSeconds(1));
      fluss.setPartitionClock(before);
      await().atMost(PATIENCE).until(() -> before.times.get() > 2);
      assertThat("nothing is lost before midnight", read(table), hasSize(50));
      assertThat(LakeLag.of(table.cluster(), table.path()).get(0).untieredRows(), equalTo(10L));

      fluss.setPartitionClock(new LookedAt(expires.plus(LONGEST_DELAY)));
      await().atMost(PATIENCE).until(() -> LakeLag.of(table.cluster(), table.path()), empty());
      fluss.startTiering();
      assertThat("10 rows are lost", read(table), containsInAnyOrder(tiered.toArray()));
    }
    try (LocalFluss fluss = LocalFluss.builder().directory(directory).start()) {
      FlussTable table = FlussCluster.at(fluss.bootstrapServers()).describe(PATH.toString());
      assertThat(
          assertThrows(IllegalArgumentException.class, () -> read(table)).getMessage(),
          allOf(containsString(PATH + " is a lake table"), containsString("no lake configured")));
    }
  }

  /** A clock that stands still, and counts who looks at it. */
  private static final class LookedAt extends Clock {
    private final Clock clock;
    private final AtomicInteger times = new AtomicInteger();

    LookedAt(LocalDateTime time) {
      ZoneId zone = ZoneId.systemDefault();
      clock = Clock.fixed(time.atZone(zone).toInstant(), zone);
    }

    @Override
    public ZoneId getZone() {
      return clock.getZone();
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return clock.withZone(zone);
    }

    @Override
    public Instant instant() {
      times.incrementAndGet();
      return clock.instant();
    }
  }

  private static Duration age(FlussTable table) {
    return LakeLag.of(table.cluster(), table.path()).get(0).age();
  }

  private static FlussTable create(FlussCluster cluster, String day) {
    TableDescriptor descriptor =
        TableDescriptor.builder(LakeTables.lake(TestTables.dailyOrdersDescriptor(2)))
            .property("table.auto-partition.num-retention", "1")
            .build();
    try (Connections.Lease lease = Connections.lease(cluster, "test")) {
      Admin admin = lease.connection().getAdmin();
      admin.createDatabase(PATH.getDatabaseName(), DatabaseDescriptor.EMPTY, false).join();
      admin.createTable(PATH, descriptor, false).join();
      admin.createPartition(PATH, new PartitionSpec(Map.of("ds", day)), false).join();
    }
    return cluster.describe(PATH.toString());
  }

  private static List<Row> write(FlussTable table, String day, int from, int to) {
    List<Row> rows = new ArrayList<>();
    for (int i = from; i < to; i++) {
      rows.add(
          Row.withSchema(TestTables.DAILY_ORDER)
              .addValues("user" + i % 7, "order" + i, day, (long) i)
              .build());
    }
    TestTables.write(table, rows.stream().map(RowChange::upsert).toList());
    return rows;
  }

  private static List<String> read(FlussTable table) {
    return TestTables.rows(
            FlussIO.readContents().from(table.cluster(), table.path()).withAllColumns().withLake())
        .stream()
        .map(row -> row.getValues().toString())
        .toList();
  }
}
