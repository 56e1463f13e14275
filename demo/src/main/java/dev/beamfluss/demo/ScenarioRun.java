package dev.beamfluss.demo;

import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.StreamingOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A scenario of the demo: its tables, its pipeline, its answer, and what its tables hold. */
abstract class ScenarioRun implements AutoCloseable {
  /** How often pipelines look for a new day, in milliseconds. */
  static final int DISCOVERY_MILLIS = 250;

  private static final int DIFFERENCES_SHOWN = 3;

  private final Scenario scenario;
  private final Traffic traffic;
  private final String[] flags;
  private @Nullable RunningPipeline pipeline;

  /**
   * Works out its answer.
   *
   * @param flags of the runner, and what else the command line has
   */
  ScenarioRun(Scenario scenario, Traffic traffic, String[] flags) {
    this.scenario = scenario;
    this.traffic = traffic;
    this.flags = flags.clone();
  }

  final String id() {
    return scenario.id();
  }

  final Traffic traffic() {
    return traffic;
  }

  /** Where its rows come from. */
  final Replay.Target target() {
    return Replay.Target.valueOf(scenario.name());
  }

  /** Its tables; each day is a partition. */
  abstract List<TableDefinition> tables(TableOptions options);

  /** Whether its tables can do without partitions, so that a log may have any number of days. */
  boolean takesAnyNumberOfDays() {
    return false;
  }

  /** Writes what is in the tables before the first event comes in. */
  void prepare(String bootstrapServers) {}

  /** Begins to follow its results. */
  abstract void watch(String bootstrapServers);

  /** Its pipeline on a cluster. */
  abstract Pipeline pipeline(String bootstrapServers);

  /** The pipeline's options, as the command line has them. */
  final <T extends ClusterOptions & StreamingOptions> T options(
      Class<T> type, String bootstrapServers) {
    T options = PipelineOptionsFactory.fromArgs(flags).as(type);
    options.setBootstrapServers(bootstrapServers);
    options.setStreaming(true);
    options.setJobName(id());
    RunningPipeline.detach(options);
    return options;
  }

  /** Hours that the first event is old, and a day more: so late a log is that is not moved. */
  final int hoursOld() {
    long age = Math.max(0, System.currentTimeMillis() - traffic.firstMillis());
    return Math.toIntExact(TimeUnit.MILLISECONDS.toHours(age)) + 24;
  }

  final void start(String bootstrapServers) {
    pipeline = RunningPipeline.start(pipeline(bootstrapServers));
  }

  final RunningPipeline running() {
    if (pipeline == null) {
      throw new IllegalStateException(id() + " does not run");
    }
    return pipeline;
  }

  /** How many rows its results have now. */
  abstract long rows();

  /** How many changes its results took. */
  abstract long changes();

  /** When the latest change of its results was stored, in milliseconds since 1970; 0 before any. */
  abstract long lastChange();

  /** Fails if a result can no longer be followed. */
  abstract void checkWatch();

  /** Whether its results are now what they must be in the end. */
  abstract boolean isRight();

  /**
   * What came of it.
   *
   * @param right whether it has been right, and stayed so
   */
  abstract Verdict verdict(boolean right);

  /** Stops to follow its results. */
  abstract void closeWatch();

  /** Fails if the pipeline ended or its results cannot be followed. */
  final void check() {
    try {
      running().check();
      checkWatch();
    } catch (IllegalStateException e) {
      throw new IllegalStateException(
          id() + ": " + e.getMessage() + (e.getCause() == null ? "" : ": " + e.getCause()), e);
    }
  }

  @Override
  public final void close() {
    if (pipeline != null) {
      pipeline.close();
    }
    closeWatch();
  }

  /** The first differences of a table, for people. */
  static List<String> differences(
      String table, TableContents found, Collection<Map<String, Object>> expected) {
    List<Map<String, Object>> missing = found.missing(expected);
    List<String> lines = new ArrayList<>();
    if (found.size() != expected.size() || !missing.isEmpty()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s has %,d rows and should have %,d, of which %,d are not there or differ",
              table,
              found.size(),
              expected.size(),
              missing.size()));
    }
    missing.stream()
        .limit(DIFFERENCES_SHOWN)
        .forEach(row -> lines.add("  expected " + row + ", found " + found.inPlaceOf(row)));
    return lines;
  }

  static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
