package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The REST interface of a Flink cluster on this machine. */
final class FlinkRest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Set<String> ENDS = Set.of("FAILED", "CANCELED", "FINISHED", "SUSPENDED");

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final ObjectMapper mapper = new ObjectMapper();
  private final int port;

  FlinkRest(int port) {
    this.port = port;
  }

  /** As {@code --flinkMaster} has it. */
  String address() {
    return "localhost:" + port;
  }

  /** Whether the JobManager answers yet. */
  boolean answers() {
    try {
      get("/overview");
      return true;
    } catch (UncheckedIOException | IllegalStateException e) {
      return false;
    }
  }

  /** The answer to a GET. */
  JsonNode get(String path) {
    return send(request(path).GET().build());
  }

  /** The jobs that have not ended. */
  List<Job> runningJobs() {
    List<Job> jobs = new ArrayList<>();
    for (JsonNode job : get("/jobs").get("jobs")) {
      if (!ENDS.contains(job.get("status").asText())) {
        jobs.add(new Job(job.get("id").asText()));
      }
    }
    return jobs;
  }

  /** How many threads all TaskManagers have together, by their last report. */
  int threads() {
    int threads = 0;
    for (JsonNode taskManager : get("/taskmanagers").get("taskmanagers")) {
      JsonNode metrics =
          get(
              "/taskmanagers/"
                  + taskManager.get("id").asText()
                  + "/metrics?get=Status.JVM.Threads.Count");
      threads += metrics.path(0).path("value").asInt();
    }
    return threads;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
        .timeout(Duration.ofSeconds(10));
  }

  private JsonNode send(HttpRequest request) {
    try {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      if (response.statusCode() / 100 != 2) {
        throw new IllegalStateException(
            request.uri() + " answered " + response.statusCode() + ": " + response.body());
      }
      return mapper.readTree(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }

  /** One that runs, or did. */
  final class Job {
    private final String path;

    private Job(String id) {
      this.path = "/jobs/" + id;
    }

    /** Where the interface has it. */
    String path() {
      return path;
    }

    /** As Flink calls it, such as RUNNING or RESTARTING. */
    String state() {
      return get(path).get("state").asText();
    }

    /**
     * Fails if it has ended.
     *
     * @throws IllegalStateException with the failure that it ended by
     */
    void check() {
      String state = state();
      if (ENDS.contains(state)) {
        throw new IllegalStateException(
            "The job is "
                + state
                + ": "
                + get(path + "/exceptions").path("root-exception").asText());
      }
    }

    long checkpoints() {
      return count("completed");
    }

    /** How often it went on from a checkpoint. */
    long restores() {
      return count("restored");
    }

    private long count(String which) {
      return get(path + "/checkpoints").get("counts").get(which).asLong();
    }

    /** Whether all its tasks run, not only the job itself. */
    boolean tasksRun() {
      JsonNode job = get(path);
      for (JsonNode vertex : job.get("vertices")) {
        if (!vertex.get("status").asText().equals("RUNNING")) {
          return false;
        }
      }
      return job.get("state").asText().equals("RUNNING");
    }

    void awaitMoreCheckpoints(int more) {
      long number = checkpoints() + more;
      await(more + " more checkpoints")
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(
              () -> {
                check();
                return checkpoints() >= number;
              });
    }

    String id() {
      return path.substring("/jobs/".length());
    }

    /** Stops it with a savepoint, and returns where that is. */
    String stopWithSavepoint() {
      String trigger =
          send(request(path + "/stop")
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString("{\"drain\": false}"))
                  .build())
              .get("request-id")
              .asText();
      String savepoint = path + "/savepoints/" + trigger;
      await("the savepoint")
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(() -> get(savepoint).get("status").get("id").asText().equals("COMPLETED"));
      JsonNode operation = get(savepoint).get("operation");
      if (!operation.has("location")) {
        throw new IllegalStateException("No savepoint: " + operation);
      }
      await("the job to be stopped")
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(() -> state().equals("FINISHED"));
      return operation.get("location").asText();
    }

    /** How many slots its widest step has. */
    int parallelism() {
      int most = 0;
      for (JsonNode vertex : get(path).get("vertices")) {
        most = Math.max(most, vertex.get("parallelism").asInt());
      }
      return most;
    }

    /** Cancels it, and returns when it has ended. */
    void cancel() {
      send(request(path + "?mode=cancel").method("PATCH", BodyPublishers.noBody()).build());
      await("the job to be cancelled")
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(() -> state().equals("CANCELED"));
    }
  }
}
