package dev.beamfluss.benchmarks;

import dev.beamfluss.io.paimon.PaimonIO;
import java.util.List;
import java.util.Map;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.ParDo;

/** Who takes part in the reads of {@link PaimonSuite}, and the tables they read. */
final class PaimonReadContenders {
  private static final int THREADS = 2;
  private static final int PRUNED = 3;

  private final PaimonEvents narrow;
  private final PaimonEvents wide;
  private final Rounds rounds;
  private final long rows;

  PaimonReadContenders(Rounds rounds, Map<String, String> catalog, long rows) {
    this.narrow = new PaimonEvents(catalog, "narrow", EventTable.NARROW, PaimonEvents.Kind.BUCKETS);
    this.wide = new PaimonEvents(catalog, "wide", EventTable.WIDE, PaimonEvents.Kind.BUCKETS);
    this.rounds = rounds;
    this.rows = rows;
  }

  /** They are three times as long. */
  private long wideRows() {
    return Math.max(1, rows / 2);
  }

  void create() throws Exception {
    narrow.create();
    wide.create();
    both("read", narrow, EventTable.NARROW, rows);
    both("read-30-columns", wide, EventTable.WIDE, wideRows());
    both("read-3-columns", wide, PRUNED, wideRows());
    rounds.with(
        "ours-direct-read",
        () -> {
          DirectOptions options = BeamRead.directUnenforced();
          options.setTargetParallelism(THREADS);
          return ours(options, narrow, EventTable.NARROW, rows);
        });
  }

  private void both(String name, PaimonEvents table, int columns, long number) {
    rounds.with(
        "raw-" + name,
        () -> new RawPaimonRead(table.open(), schema(table, columns), THREADS).measure(number));
    rounds.with("ours-" + name, () -> ours(BeamRead.flink(THREADS), table, columns, number));
  }

  private static PaimonIO.Read read(PaimonEvents table, int columns) {
    return PaimonIO.read()
        .from(table.catalog(), table.path())
        .withColumns(PaimonEvents.firstColumns(columns).toArray(String[]::new));
  }

  private static Schema schema(PaimonEvents table, int columns) {
    return Pipeline.create().apply(read(table, columns)).getSchema();
  }

  private static double ours(PipelineOptions options, PaimonEvents table, int columns, long number)
      throws Exception {
    Counter.reset();
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("read", read(table, columns))
        .apply("step", ParDo.of(new Counter.StepFn(Counter.Step.COUNT)));
    boolean direct = options instanceof DirectOptions;
    long start = System.nanoTime();
    PipelineResult result = pipeline.run();
    try {
      return direct ? Counter.awaitRateSince(start, number) : Counter.awaitRate(number);
    } finally {
      BeamRead.end(result);
    }
  }

  /** Writes the rows that somebody will read. */
  void fill() throws Exception {
    if (rounds.names().stream().anyMatch(name -> name.endsWith("-read"))) {
      narrow.fill(rows);
    }
    if (rounds.names().stream().anyMatch(name -> name.endsWith("-columns"))) {
      wide.fill(wideRows());
    }
  }

  void add(Entries entries) {
    entries.add(
        "paimon-read-flink",
        List.of("ours-read", "raw-read"),
        rows,
        Entries.floor("ratio_raw", Entries.atLeast(0.7)));
    entries.add("paimon-read-direct", List.of("ours-direct-read", "raw-read"), rows, Map.of());
    entries.add(
        "paimon-read-30-columns",
        List.of("ours-read-30-columns", "raw-read-30-columns"),
        wideRows(),
        Map.of());
    Double pruned = rounds.median("ours-read-3-columns");
    Double whole = rounds.median("ours-read-30-columns");
    entries.add(
        "paimon-read-3-of-30-columns",
        List.of("ours-read-3-columns", "raw-read-3-columns"),
        wideRows(),
        pruned == null || whole == null
            ? Map.of()
            : Map.of("speedup", pruned / whole, "floor", Map.of("speedup", Entries.atLeast(2))));
  }
}
