package dev.beamfluss.benchmarks;

import dev.beamfluss.transforms.BitmapType;
import dev.beamfluss.transforms.IdShards;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.types.DataTypes;

/**
 * Events of users, which number each user has, and the bitmaps of them: the tables of option A,
 * with users who all have a number before the first event. Each turn of events has a day of its
 * own, and uniformly random users, the same ones in each run.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class UvTables {
  static final IdShards SHARDS = IdShards.of(16, BitmapType.RBM32);
  static final String USER = "user_id";
  static final String NUMBER = "uid_int64";
  static final String SHARD = "shard_id";
  static final String BITMAP = "uv_bitmap";
  static final String COUNT = "uv";
  static final List<String> DAY = List.of("ds");
  static final List<String> MINUTE = List.of("ds", "hh", "mm");

  /** So many minutes a turn has. */
  static final int MINUTES = 10;

  private static final String HOUR = "10";
  private static final int FIRST_MINUTE = 10;
  private static final LocalDate FIRST_DAY = LocalDate.of(2026, 1, 1);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Connection connection;
  private final String name;
  private final long users;
  private final long events;
  private final LookupKeys keys;
  private final List<Instant> turns = new ArrayList<>();

  /**
   * @param name part of the names of the tables
   * @param events of a turn
   */
  UvTables(Connection connection, String name, long users, long events) {
    this.connection = connection;
    this.name = name;
    this.users = users;
    this.events = events;
    this.keys = LookupKeys.uniform(users);
  }

  private TablePath path(String kind) {
    return TablePath.of(EventTable.DATABASE, kind + "_" + name);
  }

  TablePath eventTable() {
    return path("events");
  }

  /** Users whose numbers a worker looks up before anything is measured. */
  TablePath knownUsers() {
    return path("known");
  }

  TablePath mapping() {
    return path("users");
  }

  /** The bitmaps of each day, or each minute. */
  TablePath bitmaps(List<String> by) {
    return path(by.equals(DAY) ? "bitmaps_of_days" : "bitmaps_of_minutes");
  }

  Connection connection() {
    return connection;
  }

  long users() {
    return users;
  }

  /** In a turn. */
  long events() {
    return events;
  }

  /** Creates all tables, and gives all users their numbers, as is done before the first event. */
  void fill() throws Exception {
    createLog(eventTable());
    createMapping(connection, mapping());
    for (List<String> by : List.of(DAY, MINUTE)) {
      Schema.Builder schema = periods(by);
      schema
          .column(SHARD, DataTypes.INT())
          .column(BITMAP, DataTypes.BYTES(), AggFunctions.RBM32())
          .primaryKey(with(by, SHARD));
      EventTable.create(
          connection,
          bitmaps(by),
          schema.build(),
          List.of(SHARD),
          Map.of("table.merge-engine", "aggregation"));
    }
    EventTable.upsert(
        connection,
        mapping(),
        new String[] {USER},
        users,
        user -> GenericRow.of(EventRows.key(user), null));
  }

  /** A table of events. */
  void createLog(TablePath log) throws Exception {
    EventTable.create(
        connection,
        log,
        periods(MINUTE)
            .column(USER, DataTypes.BIGINT().copy(false))
            .column("behavior", DataTypes.STRING())
            .build(),
        List.of(),
        Map.of());
  }

  /** A table that numbers users, without any. */
  static void createMapping(Connection connection, TablePath mapping) throws Exception {
    EventTable.create(
        connection,
        mapping,
        Schema.newBuilder()
            .column(USER, DataTypes.BIGINT())
            .column(NUMBER, DataTypes.BIGINT())
            .primaryKey(USER)
            .enableAutoIncrement(NUMBER)
            .build(),
        List.of(USER),
        Map.of());
  }

  /** A table for the counts of each day, or each minute. */
  void createCounts(TablePath counts, List<String> by) throws Exception {
    EventTable.create(
        connection,
        counts,
        periods(by).column(COUNT, DataTypes.BIGINT()).primaryKey(by).build(),
        DAY,
        Map.of());
  }

  private static Schema.Builder periods(List<String> by) {
    Schema.Builder schema = Schema.newBuilder();
    by.forEach(column -> schema.column(column, DataTypes.STRING().copy(false)));
    return schema;
  }

  private static List<String> with(List<String> columns, String column) {
    List<String> more = new ArrayList<>(columns);
    more.add(column);
    return more;
  }

  /** Makes the events of a turn unless that was done; returns a moment between them and before. */
  Instant awaitTurn(int turn) throws Exception {
    while (turns.size() < turn) {
      turns.add(Instant.now());
      int made = turns.size();
      EventTable.append(
          connection,
          eventTable(),
          events,
          i -> event(day(made), HOUR, minute((int) (i * MINUTES / events)), user(made, i)));
    }
    return turns.get(turn - 1);
  }

  static GenericRow event(String ds, String hh, String mm, long user) {
    return GenericRow.of(
        BinaryString.fromString(ds),
        BinaryString.fromString(hh),
        BinaryString.fromString(mm),
        user,
        BinaryString.fromString("visit"));
  }

  private long user(int turn, long event) {
    return keys.at(turn * events + event);
  }

  private static String day(int turn) {
    return FIRST_DAY.plusDays(turn).format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  private static String minute(int minute) {
    return Integer.toString(FIRST_MINUTE + minute);
  }

  /** How many users there truly are, by the key of a count, in a turn's day, or its minutes. */
  Map<List<String>, Long> distinctUsers(int turn, List<String> by) {
    Map<List<String>, Long> distinct = new HashMap<>();
    if (by.equals(DAY)) {
      distinct.put(List.of(day(turn)), distinctUsers(turn, 0, events));
      return distinct;
    }
    for (int minute = 0; minute < MINUTES; minute++) {
      long number = distinctUsers(turn, firstOf(minute), firstOf(minute + 1));
      if (number > 0) {
        distinct.put(List.of(day(turn), HOUR, minute(minute)), number);
      }
    }
    return distinct;
  }

  private long firstOf(int minute) {
    return (minute * events + MINUTES - 1) / MINUTES;
  }

  private long distinctUsers(int turn, long from, long to) {
    return LongStream.range(from, to).map(event -> user(turn, event)).distinct().count();
  }

  /** Where the changelogs of both tables of bitmaps end. */
  Map<TablePath, Map<Integer, Long>> bitmapEnds() throws Exception {
    Map<TablePath, Map<Integer, Long>> ends = new HashMap<>();
    for (List<String> by : List.of(DAY, MINUTE)) {
      ends.put(bitmaps(by), SinkGrowth.ends(connection, bitmaps(by)));
    }
    return ends;
  }

  /**
   * How many bytes a reader of the changelogs of both tables of bitmaps receives, compressed, as it
   * is kept.
   *
   * @param reading a connection with {@link WireBytes}
   */
  long changelogBytes(Connection reading, Map<TablePath, Map<Integer, Long>> from)
      throws Exception {
    WireBytes.reset();
    Map<TablePath, Map<Integer, Long>> to = bitmapEnds();
    for (Map.Entry<TablePath, Map<Integer, Long>> table : to.entrySet()) {
      Map<Integer, Long> starts = from.get(table.getKey());
      Map<Integer, Long> missing = new HashMap<>(table.getValue());
      missing.entrySet().removeIf(end -> end.getValue().equals(starts.get(end.getKey())));
      read(reading, table.getKey(), starts, missing);
    }
    return WireBytes.total();
  }

  private static void read(
      Connection reading, TablePath path, Map<Integer, Long> starts, Map<Integer, Long> missing)
      throws Exception {
    long begun = System.nanoTime();
    try (Table table = reading.getTable(path);
        LogScanner scanner = table.newScan().createLogScanner()) {
      missing.keySet().forEach(bucket -> scanner.subscribe(bucket, starts.get(bucket)));
      while (!missing.isEmpty()) {
        var records = scanner.poll(POLL);
        records
            .buckets()
            .forEach(
                bucket -> {
                  List<ScanRecord> ofBucket = records.records(bucket);
                  long last = ofBucket.get(ofBucket.size() - 1).logOffset();
                  missing.computeIfPresent(
                      bucket.getBucket(), (unused, end) -> last + 1 < end ? end : null);
                });
        if (System.nanoTime() - begun > PATIENCE.toNanos()) {
          throw new IllegalStateException("The changelog of " + path + " has no end");
        }
      }
    }
  }
}
