package dev.beamfluss.pipelines;

import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.Reconcile;
import dev.beamfluss.pipelines.attribution.ReconcileOptions;
import dev.beamfluss.pipelines.canary.Canary;
import dev.beamfluss.pipelines.canary.CanaryIngest;
import dev.beamfluss.pipelines.canary.CanaryIngestOptions;
import dev.beamfluss.pipelines.canary.CanaryOptions;
import dev.beamfluss.pipelines.forecast.BuildBaselines;
import dev.beamfluss.pipelines.forecast.BuildBaselinesOptions;
import dev.beamfluss.pipelines.forecast.ForecastOptions;
import dev.beamfluss.pipelines.forecast.OrderForecast;
import dev.beamfluss.pipelines.forecast.backtest.Backtest;
import dev.beamfluss.pipelines.forecast.backtest.BacktestOptions;
import dev.beamfluss.pipelines.ingest.Ingest;
import dev.beamfluss.pipelines.ingest.IngestProgramOptions;
import dev.beamfluss.pipelines.ingest.RecordIngestOptions;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.uv.PreloadUsers;
import dev.beamfluss.pipelines.uv.PreloadUsersOptions;
import dev.beamfluss.pipelines.uv.Uv;
import dev.beamfluss.pipelines.uv.UvOptions;
import dev.beamfluss.pipelines.widetable.AddMetric;
import dev.beamfluss.pipelines.widetable.AddMetricOptions;
import dev.beamfluss.pipelines.widetable.Freshness;
import dev.beamfluss.pipelines.widetable.ReconcileWideTable;
import dev.beamfluss.pipelines.widetable.ReconcileWideTableOptions;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * The main class of the bundled jar: {@code PROGRAM [FLAG ...]} runs a program, {@code PROGRAM
 * --help} lists its flags with their defaults, and {@code --help} the programs.
 *
 * <p>An unknown program ends with status 2; else the program says how it ends.
 */
public final class Main {
  private static final String HELP = "--help";
  private static final String RUNNER = " @runner-configs/flink-cluster.args";

  /**
   * What a name stands for. What it does is in {@code programs.txt}, which {@code run} shows too.
   */
  private record Entry(
      Start start, Class<? extends PipelineOptions> options, String flagsOfExample) {}

  /** A program's {@code main}. */
  @FunctionalInterface
  private interface Start {
    void with(String[] args) throws Exception;
  }

  private static final Map<String, Entry> PROGRAMS = programs();

  /** {@code ingest} of records, which has flags of its own. */
  private static final Entry RECORDS =
      new Entry(
          Ingest::main,
          RecordIngestOptions.class,
          "--from=kafka --kafkaServers=localhost:9092 --topic=orders --table=shop.orders"
              + " --mapping=FILE"
              + RUNNER);

  private Main() {}

  private static Map<String, Entry> programs() {
    Map<String, Entry> programs = new LinkedHashMap<>();
    programs.put(
        "create-tables",
        new Entry(CreateTables::main, CreateTablesOptions.class, "--scenario=attribution"));
    programs.put("ingest", new Entry(Ingest::main, IngestProgramOptions.class, "--events=FILE"));
    programs.put("attribution", new Entry(Attribution::main, AttributionOptions.class, RUNNER));
    programs.put(
        "reconcile attribution",
        new Entry(Reconcile::main, ReconcileOptions.class, "--ds=20261123" + RUNNER));
    programs.put(
        "reconcile widetable",
        new Entry(
            ReconcileWideTable::main, ReconcileWideTableOptions.class, "--ds=20261123" + RUNNER));
    programs.put("uv", new Entry(Uv::main, UvOptions.class, "--option=BOTH" + RUNNER));
    programs.put("widetable", new Entry(WideTable::main, WideTableOptions.class, RUNNER));
    programs.put(
        "widetable add-metric",
        new Entry(
            AddMetric::main,
            AddMetricOptions.class,
            "--stream=carts --grain=shop --distinct=item_id --as=cart_items" + RUNNER));
    programs.put("widetable freshness", new Entry(Freshness::main, ClusterOptions.class, ""));
    programs.put("canary", new Entry(Canary::main, CanaryOptions.class, RUNNER));
    programs.put(
        "canary ingest",
        new Entry(
            CanaryIngest::main, CanaryIngestOptions.class, "--client=ios --lines='logs/*.json'"));
    programs.put(
        "forecast",
        new Entry(OrderForecast::main, ForecastOptions.class, "--warehouse=DIR" + RUNNER));
    programs.put(
        "forecast baseline",
        new Entry(
            BuildBaselines::main, BuildBaselinesOptions.class, "--ds=20261123 --warehouse=DIR"));
    programs.put(
        "forecast backtest",
        new Entry(Backtest::main, BacktestOptions.class, "--days=21 --svg=forecast.svg"));
    programs.put(
        "preload-users",
        new Entry(PreloadUsers::main, PreloadUsersOptions.class, "--ids='ids/*.txt'"));
    programs.put(
        "lake-lag",
        new Entry(
            LakeLagReport::main,
            LakeLagOptions.class,
            "--tables=attribution.order_ri --maxAgeSeconds=1800"));
    return programs;
  }

  /** Runs the program that the first word, or the first two, name. */
  public static void main(String[] args) throws Exception {
    int status;
    try {
      status = run(args, System.out, System.err);
    } catch (NoClassDefFoundError e) {
      System.err.println(
          "There is no "
              + e.getMessage()
              + ": put Flink's jars behind the bundled one, as java -cp BUNDLE:FLINK/lib/* "
              + Main.class.getName());
      status = Program.FAILED;
    }
    if (status != Program.DONE) {
      System.exit(status);
    }
  }

  /** Runs it; programs may end the JVM. Returns a status where none was run. */
  static int run(String[] args, PrintStream out, PrintStream err) throws Exception {
    List<String> words = Arrays.asList(args);
    if (words.isEmpty() || words.get(0).equals(HELP)) {
      out.print(list());
      return words.isEmpty() ? Program.WRONG_INPUT : Program.DONE;
    }
    int length =
        words.size() > 1 && PROGRAMS.containsKey(words.get(0) + " " + words.get(1)) ? 2 : 1;
    String name = String.join(" ", words.subList(0, length));
    Entry entry = PROGRAMS.get(name);
    if (entry == null) {
      err.println("There is no program '" + name + "'. These there are:");
      err.print(list());
      return Program.WRONG_INPUT;
    }
    if (words.contains(HELP)) {
      help(name, isOfRecords(name, words) ? RECORDS : entry, out);
      return Program.DONE;
    }
    entry.start().with(words.subList(length, words.size()).toArray(String[]::new));
    return Program.DONE;
  }

  private static boolean isOfRecords(String name, List<String> words) {
    return name.equals("ingest") && words.stream().anyMatch(word -> word.startsWith("--from="));
  }

  private static void help(String name, Entry entry, PrintStream out) {
    PipelineOptionsFactory.register(entry.options());
    PipelineOptionsFactory.printHelp(out, entry.options());
    out.println("Example: " + name + " " + example(entry));
  }

  private static String example(Entry entry) {
    String cluster =
        ClusterOptions.class.isAssignableFrom(entry.options())
            ? "--bootstrapServers=localhost:9123 "
            : "";
    return (cluster + entry.flagsOfExample().strip()).strip();
  }

  /** The names of all programs. */
  static Iterable<String> names() {
    return PROGRAMS.keySet();
  }

  /** The programs and what they do. */
  static String list() {
    try (InputStream text = Main.class.getResourceAsStream("programs.txt")) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
