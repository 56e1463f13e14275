package dev.beamfluss.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How fast Paimon tables are read and written; a warehouse in a directory of its own, Parquet.
 * {@code docs/benchmarks.md} says what each entry means.
 *
 * <p>Compared are <b>ours</b>, a pipeline of {@link dev.beamfluss.io.paimon.PaimonIO} and one
 * counting function, or a source of made rows, and <b>raw</b>, loops of Paimon's reader that make
 * the same Beam rows, or of its writer that make the same rows of plain values, without Beam. Both
 * have two threads or subtasks, and take turns; a rate is from the first row to the last, or to the
 * commit.
 */
final class PaimonSuite implements Suite {
  private static final int DEFAULT_ROWS = 2_000_000;

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  @Override
  public String name() {
    return "paimon";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    Path warehouse = Files.createTempDirectory("bench-warehouse");
    Path checkpoints = Files.createTempDirectory("bench-checkpoints");
    try {
      Rounds rounds = new Rounds(options, PAUSE);
      Map<String, String> catalog = Map.of("warehouse", warehouse.toUri().toString());
      PaimonReadContenders reads = new PaimonReadContenders(rounds, catalog, rows);
      reads.create();
      PaimonWriteContenders writes = new PaimonWriteContenders(rounds, catalog, rows);
      writes.create(checkpoints.toUri());
      rounds.requireSome();
      reads.fill();
      rounds.run();
      Entries entries = new Entries(rounds);
      reads.add(entries);
      writes.add(entries);
      return entries.all();
    } finally {
      delete(warehouse);
      delete(checkpoints);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(
              file -> {
                try {
                  Files.delete(file);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
