package dev.beamfluss.page;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.pipelines.CreateTables;
import dev.beamfluss.pipelines.CreateTablesOptions;
import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.uv.Uv;
import dev.beamfluss.pipelines.uv.UvOptions;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** A shop whose generated events come into tables, and whose pipelines run in this process. */
final class Shop implements AutoCloseable {
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
  }

  String prefix() {
    return prefix;
  }

  /** How many there are until an hour of the last day, in the order they arrive. */
  int eventsUntil(int hour) {
    long millis = lastDay.atTime(hour, 0).toInstant(ZoneOffset.UTC).toEpochMilli();
    return (int) events.stream().takeWhile(event -> event.timestampMillis() < millis).count();
  }

  List<Event> events() {
    return events;
  }

  FlussCluster cluster() {
    return FlussCluster.at(bootstrapServers);
  }

  /** Starts the pipelines of some scenarios, each by itself. */
  void start(List<String> runner, Set<Scenario> scenarios) {
    for (Scenario scenario : scenarios) {
      switch (scenario) {
        case ATTRIBUTION -> run(runner, AttributionOptions.class, Attribution::apply);
        case WIDETABLE -> run(runner, WideTableOptions.class, WideTable::apply);
        case UV -> run(runner, UvOptions.class, Uv::apply);
        default -> throw new IllegalArgumentException("No events make rows of " + scenario);
      }
    }
  }

  private <T extends PipelineOptions> void run(
      List<String> runner, Class<T> kind, BiConsumer<Pipeline, T> scenario) {
    PipelineOptionsFactory.register(kind);
    List<String> flags = new ArrayList<>(runner);
    flags.add("--streaming=true");
    flags.add("--bootstrapServers=" + bootstrapServers);
    flags.add("--databasePrefix=" + prefix);
    flags.add("--partitionDiscoveryMillis=200");
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
    try (Replay replay =
        new Replay(
            cluster(),
            prefix,
            EnumSet.of(Replay.Target.ATTRIBUTION, Replay.Target.UV, Replay.Target.WIDETABLE),
            speed,
            IngestOptions.defaults(),
            line -> {})) {
      replay.run(happening.iterator());
    }
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
