package dev.beamfluss.benchmarks;

import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;

/** The tables of order attribution, for a page to show: today's visits, and an order of each. */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class PageTables {
  /** How many visit, and order. */
  static final int USERS = 20_000;

  private static final int BUCKETS = 4;
  private static final int SCALE = 6;
  private static final int MINUTES = 180;
  private static final int PATIENCE_SECONDS = 60;

  private final Connection connection;
  private final String bootstrapServers;
  private final String prefix;
  private final LocalDate day = LocalDate.now(ZoneOffset.UTC);
  private final BinaryString ds =
      BinaryString.fromString(day.format(DateTimeFormatter.BASIC_ISO_DATE));

  /**
   * @param connection its writers must not hold rows back
   */
  PageTables(Connection connection, String bootstrapServers, String prefix) {
    this.connection = connection;
    this.bootstrapServers = bootstrapServers;
    this.prefix = prefix;
  }

  String prefix() {
    return prefix;
  }

  void create() throws Exception {
    TableOptions options =
        TableOptions.defaults()
            .withBucketNum(BUCKETS)
            .withNumRetention(-1)
            .withLake(false)
            .withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      for (TableDefinition table : AttributionTables.definitions(options)) {
        creator.create(table);
        if (!table.descriptor().getPartitionKeys().isEmpty()) {
          connection
              .getAdmin()
              .createPartition(table.path(), new PartitionSpec(Map.of("ds", ds.toString())), true)
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
      }
    }
  }

  private TablePath path(String table) {
    return TablePath.of(prefix + AttributionTables.DATABASE, table);
  }

  Table open(String table) {
    return connection.getTable(path(table));
  }

  /** All visits, and their orders. */
  void fill() throws Exception {
    try (Table visits = open(AttributionTables.VISITS);
        Table orders = open(AttributionTables.ORDERS)) {
      UpsertWriter writer = visits.newUpsert().createWriter();
      for (int user = 0; user < USERS; user++) {
        var unused = writer.upsert(GenericRow.of(user(user), time(user), 1L, ds));
      }
      writer.flush();
      UpsertWriter ofOrders = orders.newUpsert().createWriter();
      for (int user = 0; user < USERS; user++) {
        var unused = ofOrders.upsert(order(user, 0));
      }
      ofOrders.flush();
    }
  }

  /** So many visits, each with an order as the join would have it. */
  void fillAttributed(int rows) throws Exception {
    try (Table visits = open(AttributionTables.VISITS);
        Table results = open(AttributionTables.RESULTS)) {
      UpsertWriter writer = visits.newUpsert().createWriter();
      for (int user = 0; user < rows; user++) {
        var unused = writer.upsert(GenericRow.of(user(user), time(user), 1L, ds));
      }
      writer.flush();
      UpsertWriter ofResults = results.newUpsert().createWriter();
      for (int user = 0; user < rows; user++) {
        var unused =
            ofResults.upsert(
                GenericRow.of(
                    user(user),
                    orderId(user),
                    time(user),
                    time(user),
                    1L,
                    amount(user, 0),
                    BinaryString.fromString(Attribution.MATCHED),
                    ds));
      }
      ofResults.flush();
    }
  }

  /** The one order of a user, with another amount each time. */
  GenericRow order(int user, long version) {
    return GenericRow.of(orderId(user), user(user), time(user), amount(user, version), ds);
  }

  private static BinaryString orderId(int user) {
    return BinaryString.fromString("order-" + user);
  }

  private static BinaryString amount(int user, long version) {
    return BinaryString.fromString(
        String.format(Locale.ROOT, "%d.%02d", user % 90 + 1, version % 97));
  }

  private static BinaryString user(int user) {
    return BinaryString.fromString("user-" + user);
  }

  private BinaryString time(int user) {
    int minute = user % MINUTES;
    return BinaryString.fromString(
        String.format(Locale.ROOT, "%s %02d:%02d:30", day, 8 + minute / 60, minute % 60));
  }

  /** Records in the changelog of the joined rows: two for each that is updated. */
  long resultRecords() throws Exception {
    return connection
        .getAdmin()
        .listOffsets(
            path(AttributionTables.RESULTS),
            ds.toString(),
            IntStream.range(0, BUCKETS).boxed().toList(),
            new OffsetSpec.LatestSpec())
        .all()
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .values()
        .stream()
        .mapToLong(Long::longValue)
        .sum();
  }

  /** Says that so many came today. */
  static CompletableFuture<?> visitors(UpsertWriter conversions, String ds, long visitors) {
    return conversions.upsert(
        GenericRow.of(
            BinaryString.fromString(ds),
            1,
            visitors,
            visitors / 2,
            0.5,
            visitors,
            Decimal.fromBigDecimal(BigDecimal.valueOf(visitors).setScale(SCALE), 38, SCALE),
            0L));
  }

  String ds() {
    return ds.toString();
  }
}
