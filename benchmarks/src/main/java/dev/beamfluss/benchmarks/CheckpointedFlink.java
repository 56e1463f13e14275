package dev.beamfluss.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.FileUtils;

/**
 * Settings of a Flink cluster inside this JVM that checkpoints its one job into files, and what its
 * REST interface then tells of the checkpoints.
 */
final class CheckpointedFlink implements AutoCloseable {
  /** As in runner-configs/flink-cluster.args. */
  static final Duration INTERVAL = Duration.ofSeconds(2);

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /**
   * One that was completed.
   *
   * @param bytes of all state, whenever written
   * @param millis from the request to the last acknowledgement
   */
  record Checkpoint(long bytes, long millis) {}

  private final Path directory;
  private final int port;
  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http = HttpClient.newHttpClient();

  CheckpointedFlink() throws IOException {
    directory = Files.createTempDirectory("bench-flink");
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("rest.address", "localhost");
    settings.put("rest.bind-port", Integer.toString(port));
    settings.put("state.checkpoint-storage", "filesystem");
    settings.put("state.checkpoints.dir", directory.resolve("checkpoints").toUri().toString());
    return settings;
  }

  /** For a pipeline whose master is {@code [local]}. */
  void configure(FlinkPipelineOptions options) throws IOException {
    configure(options, Map.of());
  }

  /** The same with more settings of Flink. */
  void configure(FlinkPipelineOptions options, Map<String, String> more) throws IOException {
    Map<String, String> settings = settings();
    settings.putAll(more);
    String file =
        settings.entrySet().stream()
            .map(entry -> entry.getKey() + ": " + entry.getValue())
            .collect(Collectors.joining("\n", "", "\n"));
    Files.writeString(directory.resolve("flink-conf.yaml"), file);
    options.setFlinkConfDir(directory.toString());
    options.setCheckpointingInterval(INTERVAL.toMillis());
  }

  /** For a local environment of Flink itself. */
  Configuration configuration() {
    Configuration configuration = Configuration.fromMap(settings());
    configuration.setString("execution.checkpointing.interval", INTERVAL.toMillis() + "ms");
    return configuration;
  }

  /** A place for savepoints, which goes with this. */
  String savepoints() {
    return directory.resolve("savepoints").toUri().toString();
  }

  /** The last ten at most, without savepoints, the latest first; at least one, waited for. */
  List<Checkpoint> checkpoints() throws Exception {
    long start = System.nanoTime();
    while (true) {
      List<Checkpoint> completed = completed();
      if (!completed.isEmpty()) {
        return completed;
      }
      pause(start);
    }
  }

  /** The last of so many that begin from now on. */
  Checkpoint nextCheckpoint(int number) throws Exception {
    long start = System.nanoTime();
    // one may be on its way
    long last = latestId() + 1 + number;
    while (latestId() < last) {
      pause(start);
    }
    return completed().get(0);
  }

  private static void pause(long start) throws InterruptedException {
    if (System.nanoTime() - start > PATIENCE.toNanos()) {
      throw new IllegalStateException("Checkpoints were not completed in " + PATIENCE);
    }
    Thread.sleep(20);
  }

  private long latestId() throws Exception {
    JsonNode completed = history().get("latest").get("completed");
    return completed == null || completed.isNull() ? 0 : completed.get("id").asLong();
  }

  private List<Checkpoint> completed() throws Exception {
    List<Checkpoint> completed = new ArrayList<>();
    for (JsonNode checkpoint : history().get("history")) {
      if (checkpoint.get("status").asText().equals("COMPLETED")
          && !checkpoint.get("is_savepoint").asBoolean()) {
        completed.add(
            new Checkpoint(
                checkpoint.get("state_size").asLong(),
                checkpoint.get("end_to_end_duration").asLong()));
      }
    }
    return completed;
  }

  private JsonNode history() throws Exception {
    String job = get("/jobs").get("jobs").get(0).get("id").asText();
    return get("/jobs/" + job + "/checkpoints");
  }

  private JsonNode get(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build();
    return json.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  @Override
  public void close() throws IOException {
    FileUtils.deleteDirectory(directory.toFile());
  }
}
