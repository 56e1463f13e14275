package dev.beamfluss.e2e;

import dev.beamfluss.demo.UvAnswer;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.uv.Behavior;
import dev.beamfluss.pipelines.uv.Grain;
import dev.beamfluss.pipelines.uv.UvTables;
import dev.beamfluss.transforms.BitmapType;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.TableDescriptor;

/** The tables of distinct users under a name of their own, what happens, and its answer by sets. */
final class UvData {
  static final List<String> GRAINS = List.of("minute", "hour", "day", "day+category");
  static final List<String> DAYS = List.of("20260301", "20260302");

  private static final int MINUTES = 60;
  private static final int MOST_DETAILS = 10_000;
  private static final List<Behavior> BEHAVIORS = List.of(Behavior.values());

  private static final Schema ROW =
      Schema.builder()
          .addNullableInt64Field("user_id")
          .addNullableDateTimeField("event_time")
          .addNullableStringField("item_id")
          .addNullableStringField("category")
          .addNullableStringField("country")
          .addStringField("ds")
          .addStringField("hh")
          .addStringField("mm")
          .build();

  private final String bootstrapServers;
  private final Random random;
  private final String prefix =
      "e2e" + UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT) + "_";

  private final UvAnswer answer = new UvAnswer(grains());
  private final Set<Event> seen = new HashSet<>();
  private final Set<List<Object>> details = new HashSet<>();
  private final Set<String> refused = new HashSet<>();
  private final int rows;

  /** The day, hour and minute of each minute in which something happens. */
  private final List<List<String>> times =
      IntStream.range(0, MINUTES).mapToObj(UvData::at).toList();

  private int happened;

  /**
   * @param rows after which it is the last minute
   */
  UvData(String bootstrapServers, long seed, int rows) {
    this.bootstrapServers = bootstrapServers;
    this.rows = rows;
    this.random = new Random(seed);
  }

  static List<Grain> grains() {
    return Grain.of(GRAINS);
  }

  String prefix() {
    return prefix;
  }

  String database() {
    return prefix + UvTables.DATABASE;
  }

  FlussCluster cluster() {
    return FlussCluster.at(bootstrapServers);
  }

  /** For days long past. */
  void createTables(UnaryOperator<TableDescriptor> change) {
    TableOptions options =
        TableOptions.defaults()
            .withBucketNum(2)
            .withNumPrecreate(0)
            .withNumRetention(-1)
            .withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      for (TableDefinition table : UvTables.definitions(options, grains(), BitmapType.RBM32)) {
        creator.create(
            new TableDefinition(table.database(), table.name(), change.apply(table.descriptor())));
      }
    }
  }

  /**
   * Rows into the logs, of few busy users and many others, some rows twice, over two days, some of
   * them late; some have no user or no category.
   */
  void happen(int rows) {
    Map<Behavior, TableWriter> logs = new EnumMap<>(Behavior.class);
    try {
      for (Behavior behavior : Behavior.values()) {
        logs.put(
            behavior, TableWriter.open(cluster().describe(database() + "." + behavior.log()), ROW));
      }
      for (int i = 0; i < rows; i++) {
        happens(logs);
      }
      logs.values().forEach(TableWriter::flush);
    } finally {
      logs.values().forEach(TableWriter::close);
    }
  }

  private void happens(Map<Behavior, TableWriter> logs) {
    // an order is rare, an exposure is not
    Behavior behavior = BEHAVIORS.get((int) (Math.pow(random.nextDouble(), 2) * BEHAVIORS.size()));
    Long user =
        random.nextInt(2_000) == 0
            ? null
            : 9_999_999_967L * (long) (Math.pow(random.nextDouble(), 4) * 50_000);
    String category = random.nextInt(2_000) == 0 ? null : "c" + random.nextInt(8);
    int minute = random.nextInt(200) == 0 ? random.nextInt(MINUTES) : now();
    happened++;
    List<String> at = times.get(minute);
    String ds = at.get(0);
    String hh = at.get(1);
    String mm = at.get(2);
    Row row =
        Row.withSchema(ROW)
            .attachValues(user, null, "i" + random.nextInt(100), category, "", ds, hh, mm);
    logs.get(behavior).upsert(row);
    if (random.nextInt(100) == 0) {
      logs.get(behavior).upsert(row);
    }
    if (user == null || category == null) {
      refused.add(
          String.format(
              "Row %s of table %s has no %s, so its user cannot be counted.",
              Arrays.asList(user, ds, hh, mm, category),
              database() + "." + behavior.log(),
              user == null ? "user_id" : "category"));
    } else {
      add(behavior, user, row);
    }
  }

  private static List<String> at(int minute) {
    int minutesOfDay = MINUTES / DAYS.size();
    return List.of(
        DAYS.get(minute / minutesOfDay),
        String.format(Locale.ROOT, "%02d", 9 + minute % minutesOfDay / 15),
        String.format(Locale.ROOT, "%02d", minute % 15));
  }

  private void add(Behavior behavior, Object user, Row row) {
    if (rows <= MOST_DETAILS) {
      details.add(
          List.of(
              behavior,
              user,
              row.getString("ds"),
              row.getString("hh"),
              row.getString("mm"),
              row.getString("category")));
    }
    Map<String, String> columns = new HashMap<>();
    for (String column : List.of("ds", "hh", "mm", "category")) {
      columns.put(column, row.getString(column));
    }
    answer.add(behavior, user, columns);
  }

  /** The events of a shop's log, through the ingest. Each view and each order line counts once. */
  void replay(List<Event> events) throws Exception {
    try (Replay replay =
        new Replay(
            cluster(),
            prefix,
            EnumSet.of(Replay.Target.UV),
            0,
            IngestOptions.defaults(),
            line -> {})) {
      replay.run(events.iterator());
    }
    answer.addAll(
        events.stream()
            .filter(event -> event.hasUser() && event.price().signum() > 0)
            .filter(event -> event.type() != Event.Type.VIEW || seen.add(event.withLine(0)))
            .toList(),
        ZoneOffset.UTC);
  }

  private int now() {
    return (int) Math.min(MINUTES - 1, (long) happened * MINUTES / rows);
  }

  /** What is said of the rows of the logs that cannot be counted. */
  Set<String> refused() {
    return refused;
  }

  /** How many users did anything on a day. */
  long usersOf(String ds) {
    return answer.usersOf(ds);
  }

  /** How many rows of users there are: one for each, whatever it was, minute and category. */
  int details() {
    return details.size();
  }

  /** By the table of counts, the rows it must hold. */
  Map<String, Set<Map<String, Object>>> expected() {
    return answer.expected();
  }

  /** The flags of the programs that speak of these tables; what is given more replaces others. */
  String[] flags(List<String> runner, String... more) {
    Map<String, String> flags = new LinkedHashMap<>();
    runner.forEach(flag -> put(flags, flag));
    put(flags, "--bootstrapServers=" + bootstrapServers);
    put(flags, "--databasePrefix=" + prefix);
    put(flags, "--uvGrains=" + String.join(",", GRAINS));
    put(flags, "--shards=4");
    // most of what the default would cost here is counting old minutes again for their late rows
    put(flags, "--refreshMillis=1000");
    Arrays.asList(more).forEach(flag -> put(flags, flag));
    return flags.values().toArray(String[]::new);
  }

  private static void put(Map<String, String> flags, String flag) {
    flags.put(flag.split("=", 2)[0], flag);
  }
}
