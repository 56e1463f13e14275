package dev.beamfluss.benchmarks;

import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.forecast.ForecastOptions;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.forecast.OrderForecast;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.transforms.BaselineBuilder;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.options.Options;
import org.apache.paimon.table.source.ReadBuilder;

/**
 * From the call that writes an order until a forecast is there that has counted it: both stages in
 * one job, which is {@code ./run forecast} with its default flags, at 200 orders a second of four
 * sources, while the tables are tiered. A forecast's count tells which orders it is made of, so
 * each order is measured.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class ForecastLatency {
  private static final String PREFIX = "latency_";
  private static final int THREADS = 2;
  private static final int SOURCES = 4;
  private static final int ORDERS_A_SECOND = 200;
  private static final long PERIOD_MILLIS = 50;
  private static final int WARM_UP_SECONDS = 10;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Decimal AMOUNT =
      Decimal.fromUnscaledLong(12_500_000, 18, ForecastTables.SCALE);

  private final LocalFluss fluss;
  private final Connection connection;
  private final String today =
      DateTimeFormatter.BASIC_ISO_DATE.format(LocalDate.now(ZoneOffset.UTC));

  /** When the orders of each source were written, in their order. */
  private final List<List<Long>> placed = lists();

  private final Progress inCluster = new Progress();
  private final Progress inLake = new Progress();
  private final CountDownLatch first = new CountDownLatch(1);
  private volatile boolean writing = true;
  private volatile long warm = Long.MAX_VALUE;

  ForecastLatency(LocalFluss fluss, Connection connection) {
    this.fluss = fluss;
    this.connection = connection;
  }

  private static List<List<Long>> lists() {
    return IntStream.range(0, SOURCES)
        .mapToObj(source -> Collections.synchronizedList(new ArrayList<Long>()))
        .toList();
  }

  /** How many orders of each source are there, and how long they took; of one thread. */
  private final class Progress {
    private final long[] there = new long[SOURCES];
    private final List<Long> nanos = new ArrayList<>();

    void seen(int source, long orders, long at) {
      for (; there[source] < orders; there[source]++) {
        long written = placed.get(source).get((int) there[source]);
        if (written >= warm) {
          nanos.add(TimeUnit.MILLISECONDS.toNanos(at - written));
        }
      }
    }

    boolean isComplete() {
      return !writing
          && IntStream.range(0, SOURCES).allMatch(s -> there[s] == placed.get(s).size());
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private static Void call(Work work) throws Exception {
    work.run();
    return null;
  }

  List<Entry> measure(int seconds) throws Exception {
    createTables();
    writeBaselines();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      PipelineResult result = start(flink);
      Future<?> writer = threads.submit(() -> call(this::write));
      Future<?> cluster = threads.submit(() -> call(this::followCluster));
      Future<?> lake = threads.submit(() -> call(this::followLake));
      try {
        // the partitions of a new day are found after a while
        if (!first.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          throw new IllegalStateException("There was no forecast in " + PATIENCE);
        }
        TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
        warm = System.currentTimeMillis();
        TimeUnit.SECONDS.sleep(seconds);
        UvJob.check(result);
        writing = false;
        writer.get();
        cluster.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        lake.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return List.of(
            entry("forecast-latency", inCluster, Map.of("p99_ms", Map.of("at_most", 5_000))),
            entry("forecast-lake", inLake, Map.of("max_ms", Map.of("at_most", 60_000))));
      } finally {
        BeamRead.end(result);
      }
    } finally {
      writing = false;
      threads.shutdownNow();
    }
  }

  private void createTables() {
    TableOptions options = TableOptions.defaults().withDatabasePrefix(PREFIX);
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table : ForecastTables.definitions(options)) {
        creator.create(table);
      }
    }
  }

  private static TablePath path(String table) {
    return TablePath.of(PREFIX + ForecastTables.DATABASE, table);
  }

  private static BinaryString source(int source) {
    return BinaryString.fromString("source-" + source);
  }

  private void writeBaselines() throws Exception {
    LocalDate day = LocalDate.now(ZoneOffset.UTC);
    BaselineBuilder builder = BaselineBuilder.of("source").forDay(day);
    double[] cumulative = IntStream.rangeClosed(1, 1_440).mapToDouble(minute -> minute).toArray();
    for (int back = 1; back <= 14; back++) {
      builder.add(day.minusDays(back), cumulative);
    }
    BinaryString baseline = BinaryString.fromString(builder.build().orElseThrow().encode());
    try (Table table = connection.getTable(path(ForecastTables.BASELINES))) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (int source = 0; source < SOURCES; source++) {
        writer
            .upsert(
                GenericRow.of(BinaryString.fromString(today), source(source), baseline, baseline))
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  private PipelineResult start(CheckpointedFlink flink) throws Exception {
    FlinkPipelineOptions options = UvJob.options(flink, THREADS, Map.of());
    ForecastOptions forecast = options.as(ForecastOptions.class);
    forecast.setBootstrapServers(fluss.bootstrapServers());
    forecast.setDatabasePrefix(PREFIX);
    forecast.setBaseline("fluss");
    Pipeline pipeline = Pipeline.create(options);
    OrderForecast.apply(pipeline, forecast);
    return pipeline.run();
  }

  private void write() throws Exception {
    try (Table table = connection.getTable(path(ForecastTables.ORDER_LINES))) {
      UpsertWriter writer = table.newUpsert().createWriter();
      long start = System.nanoTime();
      for (long number = 0; writing; ) {
        long due = (System.nanoTime() - start) * ORDERS_A_SECOND / TimeUnit.SECONDS.toNanos(1);
        for (; number < due; number++) {
          int source = (int) (number % SOURCES);
          long now = System.currentTimeMillis();
          placed.get(source).add(now);
          BinaryString id = BinaryString.fromString("order-" + number);
          var unused =
              writer.upsert(
                  GenericRow.of(
                      id,
                      id,
                      source(source),
                      AMOUNT,
                      TimestampLtz.fromEpochMillis(now),
                      BinaryString.fromString(today)));
        }
        TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
      }
      writer.flush();
    }
  }

  /** By when the cluster stored the rows. */
  private void followCluster() throws Exception {
    try (Table table = connection.getTable(path(ForecastTables.FORECASTS));
        LogScanner scanner =
            table
                .newScan()
                .project(List.of("order_source", "cumulative_order_cnt", "baseline_ds"))
                .createLogScanner()) {
      long partition = awaitPartition();
      for (int bucket = 0; bucket < table.getTableInfo().getNumBuckets(); bucket++) {
        scanner.subscribe(partition, bucket, LogScanner.EARLIEST_OFFSET);
      }
      while (!inCluster.isComplete()) {
        for (ScanRecord record : scanner.poll(POLL)) {
          if (record.getChangeType() != ChangeType.UPDATE_BEFORE) {
            InternalRow row = record.getRow();
            requireBaseline(row.isNullAt(2));
            first.countDown();
            inCluster.seen(
                sourceOf(row.getString(0).toString()), row.getLong(1), record.timestamp());
          }
        }
      }
    }
  }

  private static void requireBaseline(boolean isMissing) {
    if (isMissing) {
      throw new IllegalStateException("There is a forecast without a baseline.");
    }
  }

  private static int sourceOf(String name) {
    return Integer.parseInt(name.substring(name.indexOf('-') + 1));
  }

  private long awaitPartition() throws Exception {
    long start = System.nanoTime();
    while (System.nanoTime() - start < PATIENCE.toNanos()) {
      for (PartitionInfo partition :
          connection
              .getAdmin()
              .listPartitionInfos(path(ForecastTables.FORECASTS))
              .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        if (partition.getPartitionName().equals(today)) {
          return partition.getPartitionId();
        }
      }
      TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
    }
    throw new IllegalStateException("There was no forecast in " + PATIENCE);
  }

  /** By when a reader of the lake finds the rows, who looks twice a second. */
  private void followLake() throws Exception {
    Identifier table =
        Identifier.create(PREFIX + ForecastTables.DATABASE, ForecastTables.FORECASTS);
    Options options =
        Options.fromMap(Map.of("warehouse", fluss.warehouse().orElseThrow().toString()));
    try (Catalog catalog = CatalogFactory.createCatalog(CatalogContext.create(options))) {
      while (!inLake.isComplete()) {
        org.apache.paimon.table.Table lake = catalog.getTable(table);
        ReadBuilder read =
            lake.newReadBuilder()
                .withReadType(
                    lake.rowType().project(List.of("order_source", "cumulative_order_cnt")));
        long[] orders = new long[SOURCES];
        try (var rows = read.newRead().createReader(read.newScan().plan())) {
          rows.forEachRemaining(
              row -> {
                int source = sourceOf(row.getString(0).toString());
                orders[source] = Math.max(orders[source], row.getLong(1));
              });
        }
        long now = System.currentTimeMillis();
        for (int source = 0; source < SOURCES; source++) {
          inLake.seen(source, orders[source], now);
        }
        TimeUnit.MILLISECONDS.sleep(500);
      }
    }
  }

  private static Entry entry(String name, Progress progress, Map<String, Object> floor) {
    List<Long> nanos = progress.nanos.stream().sorted().toList();
    if (nanos.isEmpty()) {
      throw new IllegalStateException(
          "No order came after the warm-up: measure with more --latencySeconds.");
    }
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", Entries.p99Millis(nanos));
    extras.put("max_ms", Entries.millis(nanos.get(nanos.size() - 1)));
    extras.put("floor", floor);
    extras.putAll(Entries.conditions(nanos.size()));
    return new Entry(name, Entries.millis(Rounds.median(nanos)), null, null, "ms", extras);
  }
}
