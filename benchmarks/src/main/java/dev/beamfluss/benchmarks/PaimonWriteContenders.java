package dev.beamfluss.benchmarks;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who takes part in the writes of {@link PaimonSuite}, and the tables they write. */
final class PaimonWriteContenders {
  private static final int THREADS = 2;
  private static final String UNBOUNDED = "unbounded";

  private final Map<String, String> catalog;
  private final Rounds rounds;
  private final long rows;
  private int tables;

  @FunctionalInterface
  private interface Fill {
    double measure(PaimonEvents table, EventRows rows, long number) throws Exception;
  }

  PaimonWriteContenders(Rounds rounds, Map<String, String> catalog, long rows) {
    this.catalog = Map.copyOf(catalog);
    this.rounds = rounds;
    this.rows = rows;
  }

  private static Map<String, PaimonEvents.Kind> works() {
    Map<String, PaimonEvents.Kind> works = new LinkedHashMap<>();
    works.put("write-append", PaimonEvents.Kind.APPEND);
    works.put("write-buckets", PaimonEvents.Kind.BUCKETS);
    works.put("write-keyed", PaimonEvents.Kind.KEYED);
    return works;
  }

  /**
   * @param checkpoints where those of streaming jobs go
   */
  void create(URI checkpoints) {
    RawPaimonWrite raw = new RawPaimonWrite(THREADS);
    BeamPaimonWrite bounded = BeamPaimonWrite.bounded(THREADS);
    BeamPaimonWrite unbounded = BeamPaimonWrite.unbounded(THREADS, checkpoints);
    works()
        .forEach(
            (work, kind) -> {
              rounds.with("raw-" + work, () -> measure(kind, raw::measure));
              rounds.with("ours-" + work, () -> measure(kind, bounded::measure));
              rounds.with(
                  "ours-" + work + "-" + UNBOUNDED, () -> measure(kind, unbounded::measure));
            });
  }

  /** A table for this one measurement, or the later ones would have more to do. */
  private double measure(PaimonEvents.Kind kind, Fill fill) throws Exception {
    PaimonEvents table = new PaimonEvents(catalog, "fresh_" + tables++, EventTable.NARROW, kind);
    table.create();
    try {
      return fill.measure(table, EventRows.of(EventTable.NARROW), rows);
    } finally {
      table.drop();
    }
  }

  void add(Entries entries) {
    Map<String, Object> limits =
        Map.of(
            "aim", Map.of("ratio_raw", Entries.atLeast(0.9)),
            "floor", Map.of("ratio_raw", Entries.atLeast(0.7)));
    for (String work : works().keySet()) {
      entries.add("paimon-" + work, List.of("ours-" + work, "raw-" + work), rows, limits);
      entries.add(
          "paimon-" + work + "-" + UNBOUNDED,
          List.of("ours-" + work + "-" + UNBOUNDED, "raw-" + work),
          rows,
          Map.of());
    }
  }
}
