package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.Replay;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Shows what goes on, a line for each scenario: rewritten in place each second on a terminal, else
 * one after the other now and then.
 */
final class Progress {
  private static final long TERMINAL_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LINE_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

  private record Seen(long in, long out) {}

  private final PrintStream out;
  private final boolean terminal;
  private final Replay replay;
  private final List<ScenarioRun> runs;
  private final long events;
  private final @Nullable LakeWatch lake;
  private final Checkpoints checkpoints;
  private final Map<String, Seen> before = new HashMap<>();
  private final long start = System.nanoTime();
  private long last = start;
  private long lastEvents;
  private int linesShown;

  Progress(
      PrintStream out,
      boolean terminal,
      Replay replay,
      List<ScenarioRun> runs,
      long events,
      @Nullable LakeWatch lake,
      Checkpoints checkpoints) {
    this.out = out;
    this.terminal = terminal;
    this.replay = replay;
    this.runs = runs;
    this.events = events;
    this.lake = lake;
    this.checkpoints = checkpoints;
    runs.forEach(run -> before.put(run.id(), new Seen(0, 0)));
  }

  void tick() {
    long now = System.nanoTime();
    if (now - last < (terminal ? TERMINAL_INTERVAL_NANOS : LINE_INTERVAL_NANOS)) {
      return;
    }
    double seconds = (now - last) / 1e9;
    last = now;
    List<String> lines = new ArrayList<>();
    long read = replay.eventsRead();
    Runtime runtime = Runtime.getRuntime();
    lines.add(
        String.format(
            Locale.ROOT,
            "%3d s  %,d of %,d events (%,.0f/s), heap %,d MB",
            TimeUnit.NANOSECONDS.toSeconds(now - start),
            read,
            events,
            (read - lastEvents) / seconds,
            (runtime.totalMemory() - runtime.freeMemory()) >> 20));
    lastEvents = read;
    for (ScenarioRun run : runs) {
      lines.add(line(run, seconds));
    }
    show(lines);
  }

  private String line(ScenarioRun run, double seconds) {
    Seen now = new Seen(replay.rowsWritten(run.target()), run.changes());
    Seen was = before.put(run.id(), now);
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "  %-11s in %,8d (%,5.0f/s)  out %,9d (%,6.0f/s)  rows %,7d  changed %s",
                run.id(),
                now.in(),
                (now.in() - was.in()) / seconds,
                now.out(),
                (now.out() - was.out()) / seconds,
                run.rows(),
                ago(run.lastChange())));
    LakeWatch.Untiered untiered = lake == null ? null : lake.of(run.id());
    if (untiered != null) {
      line.append(
          String.format(
              Locale.ROOT,
              "  not in lake %,d for %d s",
              untiered.rows(),
              untiered.age().toSeconds()));
    }
    long checkpoint = checkpoints.latestBytes(run.id());
    if (checkpoint >= 0) {
      line.append(String.format(Locale.ROOT, "  checkpoint %,d KB", (checkpoint + 1023) / 1024));
    }
    return line.toString();
  }

  private static String ago(long millis) {
    return millis == 0
        ? "not yet"
        : String.format(
            Locale.ROOT, "%.1f s ago", Math.max(0, System.currentTimeMillis() - millis) / 1e3);
  }

  private void show(List<String> lines) {
    if (terminal && linesShown > 0) {
      // back to the first of them
      out.print("\u001b[" + linesShown + "F");
    }
    // each clears what is left of the one before
    lines.forEach(line -> out.println(terminal ? line + "\u001b[K" : line));
    out.flush();
    linesShown = lines.size();
  }
}
