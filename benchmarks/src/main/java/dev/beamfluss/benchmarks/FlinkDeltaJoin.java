package dev.beamfluss.benchmarks;

import dev.beamfluss.benchmarks.flink22.NativeDeltaJoin;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.TablePath;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Joins with the delta join of Flink 2.2, in a process of its own that stays for all turns, so that
 * it is as warm as this one. It ends with this process at the latest, as it reads from it.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class FlinkDeltaJoin implements AutoCloseable {
  private static final int LAST_CHARACTERS = 4_000;

  private final String bootstrapServers;
  private final JoinTables tables;
  private final TablePath sink;
  private final int parallelism;
  private final int inFlight;
  private final Map<String, String> client;
  private @Nullable Process process;
  private @Nullable BufferedReader answers;
  private @Nullable Writer orders;
  private @Nullable Path directory;
  private int turn;

  /**
   * @param inFlight how many lookups of a subtask may be unanswered
   * @param client settings of Fluss's client, for reads, lookups and writes
   */
  FlinkDeltaJoin(
      String bootstrapServers,
      JoinTables tables,
      TablePath sink,
      int parallelism,
      int inFlight,
      Map<String, String> client) {
    this.bootstrapServers = bootstrapServers;
    this.tables = tables;
    this.sink = sink;
    this.parallelism = parallelism;
    this.inFlight = inFlight;
    this.client = client;
  }

  /** Rows of the join a second, of the next turn. */
  double measure() throws Exception {
    turn++;
    Instant before = tables.awaitTurn(turn);
    if (process == null) {
      start();
    }
    SinkGrowth growth = new SinkGrowth(tables.connection(), sink);
    Map<String, String> side = new LinkedHashMap<>(client);
    side.put("scan.startup.mode", "timestamp");
    side.put("scan.startup.timestamp", Long.toString(before.toEpochMilli()));
    order(tables.insert(sink, client, side), NativeDeltaJoin.STARTED);
    double rate = growth.awaitRate(tables.changes() * tables.recordsOfChange(), this::check);
    order(NativeDeltaJoin.STOP, NativeDeltaJoin.STOPPED);
    growth.requireExactly(tables.changes() * tables.recordsOfChange());
    return rate / tables.recordsOfChange();
  }

  private void start() throws Exception {
    directory = Files.createTempDirectory("bench-flink-2.2");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx2g");
    for (String opened : List.of("java.nio", "java.util", "java.lang")) {
      command.add("--add-opens=java.base/" + opened + "=ALL-UNNAMED");
    }
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.add("-cp");
    command.add(classPath());
    command.add(NativeDeltaJoin.class.getName());
    command.add(bootstrapServers);
    command.add(Integer.toString(parallelism));
    command.add("table.exec.async-lookup.buffer-capacity=" + inFlight);
    command.add("execution.checkpointing.interval=" + CheckpointedFlink.INTERVAL.toMillis() + "ms");
    command.add("execution.checkpointing.dir=" + directory.resolve("checkpoints").toUri());
    process = new ProcessBuilder(command).redirectError(log().toFile()).start();
    answers = process.inputReader(StandardCharsets.UTF_8);
    orders = process.outputWriter(StandardCharsets.UTF_8);
  }

  private Path log() {
    return directory.resolve("log.txt");
  }

  /** Nothing of this process's own class path, which has another Flink. */
  private static String classPath() throws Exception {
    try (InputStream others = NativeDeltaJoin.class.getResourceAsStream("class-path.txt")) {
      if (others == null) {
        throw new IllegalStateException("Build benchmarks-flink-2.2 with Maven");
      }
      Path own =
          Path.of(
              NativeDeltaJoin.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return own
          + System.getProperty("path.separator")
          + new String(others.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
  }

  private void order(String order, String expected) throws IOException {
    orders.write(order + "\n");
    orders.flush();
    String answer = answers.readLine();
    if (!expected.equals(answer)) {
      throw new IllegalStateException(
          String.format("Flink 2.2 says %s, not %s: %s", answer, expected, lastOfLog()));
    }
  }

  private String lastOfLog() throws IOException {
    String log = Files.readString(log());
    return log.substring(Math.max(0, log.length() - LAST_CHARACTERS));
  }

  private void check() throws IOException {
    if (!process.isAlive()) {
      throw new IllegalStateException("The process of Flink 2.2 has ended: " + lastOfLog());
    }
  }

  @Override
  public void close() throws Exception {
    if (process != null) {
      process.destroyForcibly().waitFor();
      org.apache.flink.util.FileUtils.deleteDirectory(directory.toFile());
    }
  }
}
