package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.beamfluss.pipelines.attribution.Reconcile;
import dev.beamfluss.pipelines.widetable.ReconcileWideTable;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;

/** What the program {@code reconcile} found. */
record Reconciled(int status, List<String> differences, String summary, String errors) {
  /** Of attribution. */
  static Reconciled with(String... flags) {
    return of(Reconcile::run, flags);
  }

  /** Of the wide tables. */
  static Reconciled wideTable(String... flags) {
    return of(ReconcileWideTable::run, flags);
  }

  private interface Program {
    int run(String[] flags, PrintStream out, PrintStream err);
  }

  private static Reconciled of(Program program, String... flags) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        program.run(flags, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    List<String> lines = out.toString(UTF_8).lines().toList();
    int last = Math.max(0, lines.size() - 1);
    return new Reconciled(
        status,
        lines.subList(0, last),
        lines.isEmpty() ? "" : lines.get(last),
        err.toString(UTF_8));
  }
}
