package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.types.DataTypes;

/** Sales by shop and hour: the events, and wide tables of as many columns as the reference's. */
final class ColumnsTables {
  /** Besides the key. */
  static final int COLUMNS = 100;

  /** How many of them an update is about. */
  static final List<String> UPDATED = List.of("c0", "c1");

  static final List<String> KEY = List.of("shop_id", "stat_date", "stat_hour");

  static final int SHOPS = 1_000;
  static final int HOURS = 24;

  private static final int SCALE = 6;
  private static final Instant MIDNIGHT = Instant.parse("2026-03-01T00:00:00Z");

  private final FlussCluster cluster;
  private final Connection connection;

  ColumnsTables(FlussCluster cluster, Connection connection) {
    this.cluster = cluster;
    this.connection = connection;
  }

  FlussCluster cluster() {
    return cluster;
  }

  static TablePath path(String name) {
    return TablePath.of(EventTable.DATABASE, name);
  }

  /** Of events, with so many rows, in so many hours, one hour after the other. */
  void createEvents(String name, int hours, long rows) throws Exception {
    Schema schema =
        Schema.newBuilder()
            .column("event_id", DataTypes.BIGINT())
            .column("shop_id", DataTypes.BIGINT())
            .column("stat_date", DataTypes.STRING())
            .column("stat_hour", DataTypes.STRING())
            .column("event_time", DataTypes.TIMESTAMP_LTZ(3))
            .column("amount", DataTypes.DECIMAL(18, SCALE))
            .primaryKey("event_id")
            .build();
    EventTable.create(
        connection,
        path(name),
        schema,
        List.of("event_id"),
        Map.of("table.merge-engine", "first_row"));
    EventTable.upsert(connection, path(name), rows, i -> event(i, hours, rows));
  }

  private static GenericRow event(long number, int hours, long rows) {
    int hour = (int) (number * hours / rows);
    Instant at = MIDNIGHT.plus(Duration.ofHours(hour)).plusMillis(number % 3_600_000);
    return event(number, number * 7_919 % SHOPS, "20260301", hour, at.toEpochMilli());
  }

  /** One that happens now; each of a shop beyond {@link #SHOPS} has a row of its own. */
  static GenericRow event(long number, long shop, long millis) {
    String date = shop < SHOPS ? "20260301" : Long.toString(millis);
    return event(number, shop, date, 0, millis);
  }

  private static GenericRow event(long number, long shop, String date, int hour, long millis) {
    return GenericRow.of(
        number,
        shop,
        BinaryString.fromString(date),
        BinaryString.fromString(String.format(Locale.ROOT, "%03d", hour)),
        TimestampLtz.fromEpochMillis(millis),
        Decimal.fromBigDecimal(BigDecimal.valueOf(number % 10_000, 2).setScale(SCALE), 18, SCALE));
  }

  /** With the columns of sales, and so many more. */
  void createWide(String name) throws Exception {
    Schema.Builder schema =
        Schema.newBuilder()
            .column("shop_id", DataTypes.BIGINT())
            .column("stat_date", DataTypes.STRING())
            .column("stat_hour", DataTypes.STRING());
    IntStream.range(0, COLUMNS).forEach(i -> schema.column("c" + i, DataTypes.BIGINT()));
    schema
        .column("sold", DataTypes.BIGINT())
        .column("gmv", DataTypes.DECIMAL(38, SCALE))
        .column("version", DataTypes.BIGINT())
        .column("latest", DataTypes.TIMESTAMP_LTZ(3));
    EventTable.create(
        connection, path(name), schema.primaryKey(KEY).build(), List.of("shop_id"), Map.of());
  }

  void drop(String name) throws Exception {
    connection.getAdmin().dropTable(path(name), false).get();
  }
}
