package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.local.LocalFluss;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;

/**
 * How fast log tables are read, against Fluss's scanner in a loop that makes the same Beam rows:
 * all of 10 columns on both runners, and 3 and 30 of 30 columns. Everything with two threads.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class ReadSuite implements Suite {
  private static final int THREADS = 2;
  private static final int NARROW = 10;
  private static final int WIDE = 30;
  private static final int PRUNED = 3;

  /** The reading defaults of {@link FlussCluster}, and small batches, for the raw client. */
  private static final Map<String, String> CLIENT =
      Map.of(
          "client.scanner.log.fetch.max-bytes-for-bucket", "8mb",
          "client.scanner.log.fetch.wait-max-time", "20ms",
          "client.scanner.log.max-poll-records", "5000",
          "client.writer.batch-size", "256kb");

  @Override
  public String name() {
    return "read";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows();
    EventTable narrow = new EventTable("narrow", NARROW);
    EventTable wide = new EventTable("wide", WIDE);
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection connection = ConnectionFactory.createConnection(configuration(fluss))) {
      narrow.createAndFill(connection, rows);
      wide.createAndFill(connection, rows);
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      Rounds rounds =
          new Rounds()
              .with("raw", raw(connection, cluster, narrow, NARROW, rows))
              .with("direct", () -> ours(direct(), read(cluster, narrow, NARROW, true), rows))
              .with("flink", () -> ours(flink(), read(cluster, narrow, NARROW, false), rows))
              .with("raw all", raw(connection, cluster, wide, WIDE, rows))
              .with("ours all", () -> ours(direct(), read(cluster, wide, WIDE, true), rows))
              .with("raw pruned", raw(connection, cluster, wide, PRUNED, rows))
              .with("ours pruned", () -> ours(direct(), read(cluster, wide, PRUNED, true), rows));
      rounds.run(options.getRounds());
      return List.of(
          entry("read-bounded-direct", rounds, "direct", "raw", rows, Map.of()),
          entry("read-unbounded-flink", rounds, "flink", "raw", rows, Map.of()),
          entry("read-30-of-30-columns", rounds, "ours all", "raw all", rows, Map.of()),
          entry(
              "read-3-of-30-columns",
              rounds,
              "ours pruned",
              "raw pruned",
              rows,
              Map.of(
                  "ratio_all_columns", rounds.median("ours pruned") / rounds.median("ours all"),
                  "ratio_all_columns_raw",
                      rounds.median("raw pruned") / rounds.median("raw all"))));
    }
  }

  private static Entry entry(
      String name, Rounds rounds, String ours, String raw, int rows, Map<String, Object> more) {
    Map<String, Object> extras = new LinkedHashMap<>(more);
    extras.put("rows", rows);
    extras.put("threads", THREADS);
    extras.put("buckets", EventTable.BUCKETS);
    extras.put("cores", Runtime.getRuntime().availableProcessors());
    extras.put("rounds_ours", rounds.all(ours));
    extras.put("rounds_raw", rounds.all(raw));
    return new Entry(name, rounds.median(ours), rounds.median(raw), null, "rows/s", extras);
  }

  private static Rounds.Contender raw(
      Connection connection, FlussCluster cluster, EventTable table, int columns, int rows) {
    RawLogRead read =
        new RawLogRead(
            connection,
            table,
            cluster.describe(table.path().toString()).schema(table.firstColumns(columns)),
            THREADS);
    return () -> read.measure(rows);
  }

  private static FlussIO.Read<Row> read(
      FlussCluster cluster, EventTable table, int columns, boolean bounded) {
    FlussIO.Read<Row> read =
        FlussIO.readRows()
            .from(cluster, table.path().toString())
            .withColumns(table.firstColumns(columns).toArray(String[]::new));
    return bounded ? read.withStoppingPosition(Position.latest()) : read;
  }

  private static double ours(PipelineOptions options, FlussIO.Read<Row> read, int rows)
      throws Exception {
    Counter.reset();
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply("read", read).apply("count", ParDo.of(new Counter.CountFn()));
    PipelineResult result = pipeline.run();
    try {
      return Counter.awaitRate(rows);
    } finally {
      end(result);
    }
  }

  private static void end(PipelineResult result) throws Exception {
    try {
      result.cancel();
      while (!result.getState().isTerminal()) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
    } catch (IllegalStateException e) {
      // Flink's cluster in this process is gone with its job, and can tell nothing of it any more
    }
  }

  /** As runner-configs/direct.args, but does not wait for the end. */
  private static PipelineOptions direct() {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setTargetParallelism(THREADS);
    options.setEnforceImmutability(false);
    options.setEnforceEncodability(false);
    options.setBlockOnRun(false);
    return options;
  }

  /** Without checkpoints: the read is over before the first would be due. */
  private static PipelineOptions flink() {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(THREADS);
    options.setObjectReuse(true);
    options.setFasterCopy(true);
    options.setStreaming(true);
    options.setAttachedMode(false);
    return options;
  }

  private static Configuration configuration(LocalFluss fluss) {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    CLIENT.forEach(configuration::setString);
    return configuration;
  }
}
