package dev.beamfluss.pipelines.demo;

import dev.beamfluss.pipelines.ingest.Replay;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The line that shows what goes on: rewritten in place on a terminal, else one now and then. */
final class Progress {
  private static final long LINE_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final PrintStream out;
  private final boolean terminal;
  private final Replay replay;
  private final Watched watched;
  private final long events;
  private final long start = System.nanoTime();
  private long last = start;
  private long lastChanges;
  private long lastLine = start - LINE_INTERVAL_NANOS;

  Progress(PrintStream out, boolean terminal, Replay replay, Watched watched, long events) {
    this.out = out;
    this.terminal = terminal;
    this.replay = replay;
    this.watched = watched;
    this.events = events;
  }

  void tick() {
    long now = System.nanoTime();
    if (!terminal && now - lastLine < LINE_INTERVAL_NANOS) {
      return;
    }
    lastLine = now;
    long changes = watched.resultChanges();
    double rate = (changes - lastChanges) / Math.max(1e-9, (now - last) / 1e9);
    last = now;
    lastChanges = changes;
    out.printf(
        Locale.ROOT,
        "%s  %3d s  events %,d of %,d  rows in %,d  result rows %,d  changes out %,d (%,.0f/s)%s",
        terminal ? "\r" : "",
        TimeUnit.NANOSECONDS.toSeconds(now - start),
        replay.eventsRead(),
        events,
        replay.rowsWritten(),
        watched.rows(),
        changes,
        rate,
        terminal ? "   " : System.lineSeparator());
    out.flush();
  }

  void end() {
    if (terminal) {
      out.println();
    }
  }
}
