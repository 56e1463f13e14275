package dev.beamfluss.pipelines.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.ingest.EventInputOptions;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Shows the product-store wide table at work with nothing installed: starts a Fluss cluster in this
 * JVM, lets an event log come in, runs all five streams in one job meanwhile, compares every cell
 * of both wide tables with an answer computed from the log alone, and shows the top shops of the
 * last hour.
 *
 * <p>The tables are not partitioned, so that a log may be of any number of days. All of it is in
 * this JVM's memory: some 3 KB an event.
 *
 * <p>Ends with status 0 only if there is a row and all are equal; 1 if not; 2 for a wrong flag. The
 * flags are {@link DemoOptions}.
 */
public final class WideTableDemo {
  private static final int BUCKETS = 2;
  private static final int SHOPS_SHOWN = 5;
  private static final int DIFFERENCES_SHOWN = 5;

  private final DemoOptions options;
  private final PrintStream out;
  private final PrintStream err;

  private WideTableDemo(DemoOptions options, PrintStream out, PrintStream err) {
    this.options = options;
    this.out = out;
    this.err = err;
  }

  /** Runs it. */
  public static void main(String[] args) {
    int status = run(args, System.out, System.err);
    // what is left are threads of runners and clients that nobody needs any more
    System.exit(status);
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(DemoOptions.class);
          PipelineOptionsFactory.register(WideTableOptions.class);
          DemoOptions options =
              PipelineOptionsFactory.fromArgs(args).withValidation().as(DemoOptions.class);
          return new WideTableDemo(options, out, err).run() ? Program.DONE : Program.FAILED;
        });
  }

  private boolean run() throws Exception {
    RunningPipeline.detach(options);
    if (options.as(WideTableOptions.class).getStream() != null) {
      throw new IllegalArgumentException(
          "--stream cannot be named here: every column is compared, and takes its stream. Leave it"
              + " out.");
    }
    DemoFeed feed = DemoFeed.read(options, out, err);
    WideTableAnswer answer =
        WideTableAnswer.of(
            feed.events(), EventInputOptions.zone(options), options.getKeepRepeatedRows());
    out.println("Starting a Fluss cluster in this process");
    try (LocalFluss fluss = LocalFluss.builder().start()) {
      createTables(fluss.bootstrapServers());
      try (WideTableWatch watch = new WideTableWatch(fluss.bootstrapServers(), "");
          RunningPipeline pipeline = start(fluss.bootstrapServers(), feed)) {
        DemoFeed.Fed fed =
            feed.run(
                fluss.bootstrapServers(),
                Replay.Target.WIDETABLE,
                watch,
                pipeline,
                () -> watch.holds(answer.cells()));
        return report(feed, fed, answer, watch);
      }
    }
  }

  private static void createTables(String bootstrap) {
    TableOptions tables =
        TableOptions.defaults()
            .withBucketNum(BUCKETS)
            .withNumPrecreate(0)
            .withNumRetention(-1)
            .withLake(false);
    try (TableCreator creator = TableCreator.connect(bootstrap)) {
      for (TableDefinition table : WideTableTables.definitions(tables)) {
        creator.create(table.withoutPartitions());
      }
    }
  }

  private RunningPipeline start(String bootstrap, DemoFeed feed) {
    WideTableOptions wide = options.as(WideTableOptions.class);
    wide.setBootstrapServers(bootstrap);
    wide.setStreaming(true);
    wide.setJobName("widetable");
    // a log that is not moved to today is as late as it is old
    long age = System.currentTimeMillis() - feed.firstMillis();
    wide.setAllowedLatenessHours(
        Math.max(
            wide.getAllowedLatenessHours(),
            Math.toIntExact(TimeUnit.MILLISECONDS.toHours(age)) + 24));
    Pipeline pipeline = Pipeline.create(wide);
    WideTable.apply(pipeline, wide);
    out.printf("Starting all five streams on %s%n", options.getRunner().getSimpleName());
    return RunningPipeline.start(pipeline);
  }

  private boolean report(
      DemoFeed feed, DemoFeed.Fed fed, WideTableAnswer answer, WideTableWatch watch)
      throws Exception {
    Map<WideTableAnswer.Cell, Map<String, Object>> found = watch.cells();
    boolean verified = fed.equal() && !found.isEmpty();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("input", feed.description());
    figures.put("runner", options.getRunner().getSimpleName());
    figures.put("events", feed.events().size());
    figures.put("rows", found.size());
    figures.put("rows_expected", answer.cells().size());
    figures.put("cells", cells(found));
    figures.put("gmv", sales(found));
    figures.put("gmv_expected", answer.gmv());
    figures.put("changes_out", watch.resultChanges());
    figures.put("feeding_seconds", DemoReport.seconds(fed.feedingNanos()));
    figures.put("seconds", DemoReport.seconds(fed.nanos()));
    figures.put("verified", verified);
    out.printf("%nWhat became of the events%n%s%n", fed.counts().toString().indent(2).strip());
    topShops(found);
    out.printf(
        Locale.ROOT,
        "%nSales of all shops %,.2f (the log alone says %,.2f); %,d rows, %,d changes, %.1f s%n",
        sales(found),
        answer.gmv(),
        found.size(),
        watch.resultChanges(),
        DemoReport.seconds(fed.nanos()));
    if (verified) {
      out.printf(
          Locale.ROOT,
          "verified: %,d cells of %,d rows equal to the answer computed from the events alone%n",
          cells(found),
          found.size());
    } else {
      describeDifferences(found, answer.cells());
    }
    if (options.getJson() != null) {
      new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValue(Path.of(options.getJson()).toFile(), figures);
    }
    return verified;
  }

  private static long cells(Map<WideTableAnswer.Cell, Map<String, Object>> rows) {
    return rows.values().stream().mapToLong(Map::size).sum();
  }

  private static BigDecimal sales(Map<WideTableAnswer.Cell, Map<String, Object>> rows) {
    return rows.entrySet().stream()
        .filter(row -> isShop(row.getKey()))
        .map(row -> gmv(row.getValue()))
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  private static BigDecimal gmv(Map<String, Object> columns) {
    return (BigDecimal) columns.getOrDefault("gmv", BigDecimal.ZERO);
  }

  private static long count(Map<String, Object> columns, String column) {
    return (Long) columns.getOrDefault(column, 0L);
  }

  private static boolean isShop(WideTableAnswer.Cell cell) {
    return cell.table().equals("shop_stat_wide");
  }

  private void topShops(Map<WideTableAnswer.Cell, Map<String, Object>> found) {
    String last =
        found.keySet().stream()
            .filter(WideTableDemo::isShop)
            .map(WideTableDemo::time)
            .max(Comparator.naturalOrder())
            .orElse("");
    List<Map.Entry<WideTableAnswer.Cell, Map<String, Object>>> shops =
        found.entrySet().stream()
            .filter(row -> isShop(row.getKey()) && time(row.getKey()).equals(last))
            .sorted(
                Comparator.comparing(
                        (Map.Entry<WideTableAnswer.Cell, Map<String, Object>> row) ->
                            gmv(row.getValue()))
                    .thenComparing(row -> count(row.getValue(), "exp_cnt"))
                    .reversed()
                    .thenComparing(row -> row.getKey().id()))
            .limit(SHOPS_SHOWN)
            .toList();
    out.printf(
        "%nTop shops of the last hour (%s)%n"
            + "  shop           seen   users  visits  clicks   carts  orders           sales%n",
        last);
    for (Map.Entry<WideTableAnswer.Cell, Map<String, Object>> row : shops) {
      Map<String, Object> columns = row.getValue();
      out.printf(
          Locale.ROOT,
          "  %-10s %,8d %,7d %,7d %,7d %,7d %,7d  %,14.2f%n",
          shop(row.getKey()),
          count(columns, "exp_cnt"),
          count(columns, "exp_uv"),
          count(columns, "page_cnt"),
          count(columns, "click_cnt"),
          count(columns, "cart_cnt"),
          count(columns, "unique_order_cnt"),
          gmv(columns));
    }
  }

  private static String shop(WideTableAnswer.Cell cell) {
    return cell.id() == WideTableTables.UNKNOWN_ID
        ? WideTableTables.UNKNOWN
        : Long.toString(cell.id());
  }

  private static String time(WideTableAnswer.Cell cell) {
    return cell.date() + " " + cell.hour() + ":00";
  }

  private void describeDifferences(
      Map<WideTableAnswer.Cell, Map<String, Object>> found,
      Map<WideTableAnswer.Cell, Map<String, Object>> expected) {
    Set<WideTableAnswer.Cell> all = new HashSet<>(expected.keySet());
    all.addAll(found.keySet());
    List<WideTableAnswer.Cell> different =
        all.stream()
            .filter(
                cell ->
                    !found
                        .getOrDefault(cell, Map.of())
                        .equals(expected.getOrDefault(cell, Map.of())))
            .toList();
    out.printf(Locale.ROOT, "NOT VERIFIED: %,d of %,d rows differ%n", different.size(), all.size());
    different.stream()
        .limit(DIFFERENCES_SHOWN)
        .forEach(
            cell ->
                out.printf(
                    "  %s%n    expected %s%n    found    %s%n",
                    cell, expected.get(cell), found.get(cell)));
  }
}
