package dev.beamfluss.page;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.CreateTables;
import dev.beamfluss.pipelines.CreateTablesOptions;
import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.canary.Canary;
import dev.beamfluss.pipelines.canary.CanaryOptions;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.canary.PageLogColumns;
import dev.beamfluss.pipelines.forecast.ForecastOptions;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.forecast.OrderForecast;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.uv.Uv;
import dev.beamfluss.pipelines.uv.UvOptions;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import dev.beamfluss.transforms.BaselineBuilder;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/**
 * A shop whose generated events come into the tables of all scenarios, and whose pipelines run, in
 * this process. Of its last day there is what forecasts need of the days before.
 */
final class Shop implements AutoCloseable {
  private static final int MINUTES = 1_440;
  private static final List<String> CLIENTS = List.of("ios", "android", "web");

  private final String bootstrapServers;
  private final String prefix = "shop" + UUID.randomUUID().toString().substring(0, 8) + "_";
  private final LocalDate lastDay = LocalDate.now(ZoneOffset.UTC);
  private final List<Event> events = new ArrayList<>();
  private final List<PipelineResult> pipelines = new ArrayList<>();

  /** With its tables and events; nothing runs yet. */
  Shop(String bootstrapServers, int usersPerDay) {
    this.bootstrapServers = bootstrapServers;
    CreateTablesOptions tables = PipelineOptionsFactory.as(CreateTablesOptions.class);
    tables.setBootstrapServers(bootstrapServers);
    tables.setDatabasePrefix(prefix);
    tables.setBucketNum(1);
    tables.setNumRetention(-1);
    CreateTables.create(tables, line -> {});
    EventGenerator.with(
            GeneratorOptions.defaults()
                .withLastDay(lastDay)
                .withUsers(2 * usersPerDay)
                .withActiveUsersPerDay(usersPerDay))
        .forEach(events::add);
    writeBaselines();
  }

  String prefix() {
    return prefix;
  }

  /** How many there are until an hour of the last day, in the order they arrive. */
  int eventsUntil(int hour) {
    long millis = lastDay.atTime(hour, 0).toInstant(ZoneOffset.UTC).toEpochMilli();
    return (int) events.stream().takeWhile(event -> event.timestampMillis() < millis).count();
  }

  private static String ds(LocalDate day) {
    return day.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  List<Event> events() {
    return events;
  }

  FlussCluster cluster() {
    return FlussCluster.at(bootstrapServers);
  }

  private TableWriter open(String database, String table, Schema schema) {
    return TableWriter.open(cluster().describe(prefix + database + "." + table), schema);
  }

  /** As if the two weeks before had been like the generated days. */
  private void writeBaselines() {
    Map<String, double[]> curves = new TreeMap<>();
    for (Event event : events) {
      if (event.type() == Event.Type.ORDER) {
        int hour = Instant.ofEpochMilli(event.timestampMillis()).atOffset(ZoneOffset.UTC).getHour();
        curves.computeIfAbsent(event.country(), country -> new double[24])[hour]++;
      }
    }
    Schema schema =
        Schema.builder()
            .addStringField("ds")
            .addStringField("channel_id")
            .addStringField("minute_ratio_feat")
            .addStringField("minute_gmv_feat")
            .build();
    try (TableWriter writer = open(ForecastTables.DATABASE, ForecastTables.BASELINES, schema)) {
      curves.forEach(
          (country, curve) -> {
            BaselineBuilder builder = BaselineBuilder.of(country).forDay(lastDay);
            for (int back = 1; back <= 14; back++) {
              builder.add(lastDay.minusDays(back), cumulative(curve, 0.8 + 0.03 * back));
            }
            String baseline = builder.build().orElseThrow().encode();
            writer.upsert(
                Row.withSchema(schema)
                    .addValues(
                        ds(lastDay), country.isEmpty() ? "unknown" : country, baseline, baseline)
                    .build());
          });
      writer.flush();
    }
  }

  /** What an hour has comes evenly in its minutes. */
  private static double[] cumulative(double[] ofHours, double times) {
    double[] cumulative = new double[MINUTES];
    for (int minute = 0; minute < MINUTES; minute++) {
      double before = minute == 0 ? 0 : cumulative[minute - 1];
      cumulative[minute] = before + times * ofHours[minute / 60] / 60;
    }
    return cumulative;
  }

  /** Starts the pipelines of some scenarios, each by itself. */
  void start(List<String> runner, Set<Scenario> scenarios) {
    for (Scenario scenario : scenarios) {
      switch (scenario) {
        case ATTRIBUTION -> run(runner, AttributionOptions.class, Attribution::apply);
        case WIDETABLE -> run(runner, WideTableOptions.class, WideTable::apply);
        case FORECAST ->
            run(runner, ForecastOptions.class, OrderForecast::apply, "--baseline=fluss");
        case CANARY ->
            run(
                runner,
                CanaryOptions.class,
                Canary::apply,
                "--releaseColumn=release",
                "--allowedLatenessMinutes=60000");
        case UV -> run(runner, UvOptions.class, Uv::apply);
      }
    }
  }

  private <T extends PipelineOptions> void run(
      List<String> runner, Class<T> kind, BiConsumer<Pipeline, T> scenario, String... more) {
    PipelineOptionsFactory.register(kind);
    List<String> flags = new ArrayList<>(runner);
    flags.add("--streaming=true");
    flags.add("--bootstrapServers=" + bootstrapServers);
    flags.add("--databasePrefix=" + prefix);
    flags.add("--partitionDiscoveryMillis=200");
    flags.addAll(List.of(more));
    T options = PipelineOptionsFactory.fromArgs(flags.toArray(String[]::new)).as(kind);
    Pipeline pipeline = Pipeline.create(options);
    scenario.accept(pipeline, options);
    pipelines.add(pipeline.run());
  }

  /**
   * Has events happen; returns once the cluster has all their rows.
   *
   * @param speed how many times faster than they did, 0 for as fast as it goes
   */
  void happen(List<Event> happening, double speed) throws InterruptedException {
    Schema schema = PageLogColumns.schema();
    try (Replay replay =
            new Replay(
                cluster(),
                prefix,
                EnumSet.allOf(Replay.Target.class),
                speed,
                IngestOptions.defaults(),
                line -> {});
        TableWriter log = open(CanaryTables.DATABASE, CanaryTables.PAGE_VIEWS, schema)) {
      Iterator<Event> all = happening.iterator();
      replay.run(
          new Iterator<>() {
            @Override
            public boolean hasNext() {
              return all.hasNext();
            }

            @Override
            public Event next() {
              Event event = all.next();
              log(log, schema, event);
              return event;
            }
          });
      log.flush();
    }
  }

  /** What a client logs of it: one user in five has the canary, which is broken for one client. */
  private static void log(TableWriter log, Schema schema, Event event) {
    if (event.userId().isEmpty() || event.type() == Event.Type.CANCEL) {
      return;
    }
    int user = Math.floorMod(event.userId().hashCode(), 1_000);
    boolean canary = user % 5 == 0;
    String client = CLIENTS.get(user % CLIENTS.size());
    String page =
        switch (event.type()) {
          case CART -> "cart";
          case ORDER -> "checkout";
          default -> "item_detail";
        };
    log.upsert(row(schema, event, client, canary, page, "page_view"));
    boolean fails = canary && client.equals("ios") && page.equals("item_detail");
    if (event.line() % (fails ? 3 : 50) == 0) {
      log.upsert(row(schema, event, client, canary, page, "api_error"));
    }
  }

  private static Row row(
      Schema schema, Event event, String client, boolean canary, String page, String name) {
    Instant time = Instant.ofEpochMilli(event.timestampMillis());
    Map<String, Object> values = new HashMap<>();
    values.put("event_id", event.line() + name);
    values.put("event_time", time);
    values.put("client", client);
    values.put("app_version", canary ? "9.8.0" : "9.7.1");
    values.put("release", canary ? "grey" : "base");
    values.put("page", page);
    values.put("event", name);
    values.put("user_id", (long) event.userId().hashCode());
    values.put("network", event.line() % 2 == 0 ? "wifi" : "5g");
    values.put("ds", ds(time.atOffset(ZoneOffset.UTC).toLocalDate()));
    Row.Builder row = Row.withSchema(schema);
    schema.getFieldNames().forEach(column -> row.addValue(values.get(column)));
    return row.build();
  }

  /** Fails if a pipeline has ended. */
  void check() {
    for (PipelineResult pipeline : pipelines) {
      PipelineResult.State state = pipeline.getState();
      if (state != null && state.isTerminal()) {
        throw new IllegalStateException("A pipeline is " + state);
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (PipelineResult pipeline : pipelines) {
      if (!pipeline.getState().isTerminal()) {
        pipeline.cancel();
      }
    }
  }
}
