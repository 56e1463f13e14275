package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.CanaryAnswer;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.canary.CanaryIngest;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.canary.PageLogColumns;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.TablePath;

/** The tables of scenario 4 under a name of their own, and what clients log into them. */
final class CanaryData {
  static final List<String> CLIENTS = List.of("ios", "android", "web", "mini-program");

  /** As in the clients' mappings. */
  static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");

  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("uuuuMMdd", Locale.ROOT).withZone(ZONE);
  private static final DateTimeFormatter LOCAL =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(ZONE);

  private static final List<String> GREY =
      List.of(
          "release_type=grey",
          "a=1,release_type=grey,b=2",
          "release_type=grey,release_type=base",
          ",,release_type=grey,",
          "release_type,release_type=grey");
  private static final List<String> NOT_GREY =
      Arrays.asList(
          null,
          "",
          "a=1",
          "release_type=base",
          "release_type=base,release_type=grey",
          "release_type=,release_type=grey",
          "xrelease_type=grey",
          "release_type=grey2",
          "release_type=grey=",
          "release_type= grey",
          "RELEASE_TYPE=grey",
          "release_type");

  private final String bootstrapServers;
  private final Random random;
  private final String prefix =
      "e2e" + UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT) + "_";
  private int ids;

  CanaryData(String bootstrapServers, long seed) {
    this.bootstrapServers = bootstrapServers;
    this.random = new Random(seed);
  }

  String prefix() {
    return prefix;
  }

  FlussCluster cluster() {
    return FlussCluster.at(bootstrapServers);
  }

  TablePath path(String table) {
    return TablePath.of(prefix + CanaryTables.DATABASE, table);
  }

  /** For days long past. */
  void createTables(int buckets) {
    createTables(
        TableOptions.defaults().withBucketNum(buckets).withNumPrecreate(0).withNumRetention(-1),
        UnaryOperator.identity());
  }

  void createTables(TableOptions options, UnaryOperator<TableDefinition> change) {
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      CanaryTables.definitions(options.withDatabasePrefix(prefix))
          .forEach(table -> creator.create(change.apply(table)));
    }
  }

  /** Entries of a while, in no order; some are there twice. */
  List<CanaryAnswer.Entry> entries(int number, Instant from, Instant to) {
    List<CanaryAnswer.Entry> entries = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      CanaryAnswer.Entry entry = entry(from, to);
      entries.add(random.nextInt(50) == 0 ? reserved(entry) : entry);
      if (random.nextInt(30) == 0) {
        entries.add(entry);
      }
    }
    return entries;
  }

  /** The client, page and network whose canary rows are {@link #traffic broken}. */
  static final List<String> WRONG = List.of("ios", "checkout", "wifi");

  /**
   * Views, clicks and errors in the order of their times, no two at the same; alike in both
   * releases, but that one page of one client is broken in the canary.
   */
  List<CanaryAnswer.Entry> traffic(Instant from, int seconds, boolean broken) {
    List<CanaryAnswer.Entry> entries = new ArrayList<>();
    for (long millis = 0; millis < seconds * 1_000L; millis += 10) {
      long at = from.toEpochMilli() + millis;
      String client = oneOf(CLIENTS.subList(0, 3));
      String page = oneOf(List.of("shop_home", "checkout", "search"));
      String network = client.equals("ios") ? "wifi" : oneOf(List.of("wifi", "5g"));
      String args = random.nextInt(10) < 3 ? GREY.get(1) : "release_type=base";
      boolean fails =
          broken && List.of(client, page, network).equals(WRONG) && args.equals(GREY.get(1));
      entries.add(event("page_view", at, client, page, network, args));
      if (random.nextInt(10) < 5) {
        entries.add(event("item_click", at + 3, client, page, network, args));
      }
      if (random.nextInt(100) < (fails ? 80 : 5)) {
        entries.add(event("api_error", at + 6, client, page, network, args));
      }
    }
    return entries;
  }

  private CanaryAnswer.Entry event(
      String event, long millis, String client, String page, String network, String args) {
    return new CanaryAnswer.Entry(
        "e-" + ids++, millis, client, "8.2.0", page, event, 1L, network, args);
  }

  private CanaryAnswer.Entry entry(Instant from, Instant to) {
    return new CanaryAnswer.Entry(
        "e-" + ids++,
        random.nextLong(from.toEpochMilli(), to.toEpochMilli()),
        oneOf(CLIENTS),
        oneOf(Arrays.asList("8.1.0", "8.2.0", null)),
        oneOf(Arrays.asList("shop_home", "checkout", "unknown", null)),
        random.nextInt(60) == 0
            ? null
            : oneOf(List.of("page_view", "page_view", "item_click", "api_error")),
        random.nextInt(8) == 0 ? null : 1_000L + random.nextInt(80),
        oneOf(Arrays.asList("wifi", "5g", null)),
        oneOf(random.nextInt(4) == 0 ? GREY : NOT_GREY));
  }

  /** With the value that stands for all of a dimension. */
  private CanaryAnswer.Entry reserved(CanaryAnswer.Entry entry) {
    boolean page = random.nextBoolean();
    return new CanaryAnswer.Entry(
        entry.id(),
        entry.millis(),
        entry.client(),
        page ? entry.version() : "ALL",
        page ? "ALL" : entry.page(),
        entry.event(),
        entry.user(),
        entry.network(),
        entry.args());
  }

  private <T> T oneOf(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  /** Appends rows with values in all columns, and returns them. */
  List<Row> append(List<CanaryAnswer.Entry> entries) {
    FlussTable log = cluster().describe(path(CanaryTables.PAGE_VIEWS).toString());
    List<Row> rows = entries.stream().map(this::row).toList();
    try (TableWriter writer = TableWriter.open(log, PageLogColumns.schema())) {
      rows.forEach(writer::upsert);
      writer.flush();
    }
    return rows;
  }

  private Row row(CanaryAnswer.Entry entry) {
    Map<String, Object> values = new HashMap<>();
    values.put("event_id", entry.id());
    values.put("event_time", Instant.ofEpochMilli(entry.millis()));
    values.put("client", entry.client());
    values.put("app_version", entry.version());
    values.put("page", entry.page());
    values.put("event", entry.event());
    values.put("user_id", entry.user());
    values.put("network", entry.network());
    values.put("args", entry.args());
    values.put("release", entry.args() != null && GREY.contains(entry.args()) ? "grey" : "base");
    values.put("ds", day(entry));
    Row.Builder row = Row.withSchema(PageLogColumns.schema());
    for (PageLogColumns.Column column : PageLogColumns.ALL) {
      row.addValue(
          values.containsKey(column.name()) ? values.get(column.name()) : any(column.type()));
    }
    return row.build();
  }

  private Object any(PageLogColumns.Type type) {
    if (random.nextInt(5) == 0) {
      return null;
    }
    return switch (type) {
      case STRING -> "s" + random.nextInt(1_000);
      case BIGINT -> random.nextLong();
      case INT -> random.nextInt();
      case DOUBLE -> random.nextDouble();
      case BOOLEAN -> random.nextBoolean();
      case TIMESTAMP_LTZ -> Instant.ofEpochMilli(random.nextLong(2_000_000_000_000L));
    };
  }

  /** The partition that an entry is in. */
  static String day(CanaryAnswer.Entry entry) {
    return DAY.format(Instant.ofEpochMilli(entry.millis()));
  }

  /** As each client sends them, with a line that is none before each client's. */
  void ingest(List<CanaryAnswer.Entry> entries, Path directory, List<String> runner)
      throws IOException {
    Map<String, List<CanaryAnswer.Entry>> byClient =
        entries.stream().collect(Collectors.groupingBy(CanaryAnswer.Entry::client));
    for (String client : CLIENTS) {
      List<String> lines = new ArrayList<>(List.of(badLine(client)));
      byClient.getOrDefault(client, List.of()).forEach(entry -> lines.add(line(entry)));
      Path file = Files.write(directory.resolve(client + ".jsonl"), lines);
      List<String> flags = new ArrayList<>(runner);
      flags.add("--bootstrapServers=" + bootstrapServers);
      flags.add("--databasePrefix=" + prefix);
      flags.add("--pastDays=36500");
      flags.add("--client=" + client);
      flags.add("--lines=" + file);
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      int status =
          CanaryIngest.run(
              flags.toArray(String[]::new), System.out, new PrintStream(err, true, UTF_8));
      assertThat(err.toString(UTF_8), status, is(0));
    }
  }

  /** Without a time. */
  static String badLine(String client) {
    return "{\"wrong\": \"" + client + "\"}";
  }

  /** In the form of the client, whose own args hold the entry's. */
  private static String line(CanaryAnswer.Entry entry) {
    Instant time = Instant.ofEpochMilli(entry.millis());
    return switch (entry.client()) {
      case "ios" ->
          String.format(
              "{\"eventId\":%s,\"ts\":%d,\"evt\":%s,\"app\":{\"version\":%s},\"page\":{\"name\":%s},"
                  + "\"user\":{\"id\":%s},\"net\":{\"type\":%s},\"ext\":%s,\"x\":[1,{\"y\":2}]}",
              text(entry.id()),
              entry.millis(),
              text(named(entry.event(), "pv", "clk", "err")),
              text(entry.version()),
              text(entry.page()),
              entry.user(),
              text(named(entry.network(), Map.of("wifi", "WIFI", "5g", "CELL5"))),
              text(entry.args()));
      case "android" ->
          String.format(
              "{\"event_id\":%s,\"event_time\":\"%d.%03d\",\"event_type\":%s,\"version_name\":%s,"
                  + "\"page_name\":%s,\"uid\":%s,\"net\":%s,\"ext_params\":%s,\"x\":\"a,b=c\"}",
              text(entry.id()),
              entry.millis() / 1_000,
              entry.millis() % 1_000,
              text(named(entry.event(), "PAGE", "CLICK", "API_ERROR")),
              text(entry.version()),
              text(entry.page()),
              entry.user() == null ? "\"\"" : text(entry.user().toString()),
              named(entry.network(), Map.of("wifi", "1", "5g", "5")),
              text(entry.args()));
      case "web" ->
          String.format(
              "{\"id\":%s,\"time\":\"%s\",\"type\":%s,\"build\":{\"version\":%s},"
                  + "\"location\":{\"route\":%s},\"visitor\":{\"user\":%s},\"connection\":%s,"
                  + "\"tags\":%s}",
              text(entry.id()),
              time,
              text(named(entry.event(), "pageview", "click", "apierror")),
              text(entry.version()),
              text(entry.page()),
              entry.user(),
              text(entry.network()),
              text(entry.args()));
      case "mini-program" ->
          String.format(
              "{\"uuid\":%s,\"t\":\"%s\",\"act\":%s,\"v\":%s,\"route\":%s,\"u\":{\"id\":%s},"
                  + "\"sys\":{\"networkType\":%s},\"query\":%s}",
              text(entry.id()),
              LOCAL.format(time),
              named(entry.event(), "1", "3", "9"),
              text(entry.version()),
              text(
                  named(
                      entry.page(),
                      Map.of("shop_home", "pages/shop/index", "checkout", "pages/order/confirm"))),
              entry.user() == null ? null : text(entry.user().toString()),
              text(entry.network()),
              text(entry.args()));
      default -> throw new IllegalArgumentException(entry.client());
    };
  }

  private static String named(String event, String view, String click, String error) {
    return named(event, Map.of("page_view", view, "item_click", click, "api_error", error));
  }

  private static String named(String value, Map<String, String> names) {
    return value == null ? null : names.getOrDefault(value, value);
  }

  private static String text(String value) {
    return value == null ? null : '"' + value + '"';
  }
}
