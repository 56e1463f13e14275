package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.CreateTables;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.ingest.Ingest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Programs and a job on a Fluss cluster that lets in who has a password, which nothing that they
 * print, log, show or store has in it.
 */
class SecuredIngestIT {
  private static final String PASSWORD = "hunter-2-and-more";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Path LOGS = Path.of("target", "secured-processes");

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(LocalFluss.builder().user("pipeline", PASSWORD));

  @TempDir Path directory;

  private Path clusterConfig(String password) throws IOException {
    return Files.writeString(
        directory.resolve("fluss-" + password.length() + ".properties"),
        """
        client.security.protocol = sasl
        client.security.sasl.mechanism = plain
        client.security.sasl.username = pipeline
        client.security.sasl.password = %s
        """
            .formatted(password));
  }

  /** Runs a program in a process of its own, which logs all it can; what it said. */
  private String run(Class<?> program, int status, String... flags) throws Exception {
    List<String> all = new ArrayList<>(List.of("--bootstrapServers=" + fluss.bootstrapServers()));
    all.addAll(List.of(flags));
    List<String> jvm = new ArrayList<>(Shipped.SUBMITTER_JVM_FLAGS);
    jvm.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=trace");
    jvm.add("-Dorg.slf4j.simpleLogger.log.org.apache.fluss.shaded=info");
    try (JavaProcess process =
        JavaProcess.start(
            program.getSimpleName(),
            LOGS,
            System.getProperty("java.class.path"),
            jvm,
            program.getName(),
            all)) {
      assertThat(process.awaitEnd(), is(status));
      String said = String.join("\n", process.output());
      assertThat(said, not(containsString(PASSWORD)));
      return said;
    }
  }

  @Test
  void thePasswordOpensTheClusterAndIsNowhereToBeSeen() throws Exception {
    String config = "--clusterConfig=" + clusterConfig(PASSWORD);
    assertThat(
        run(
            CreateTables.class,
            0,
            config,
            "--scenario=attribution",
            "--lake=false",
            "--numPrecreate=1"),
        containsString("created attribution.order_ri"));
    assertThat(
        run(Ingest.class, 0, config, "--days=1", "--seed=3"), containsString("rows written"));

    Path checkpoints = directory.resolve("flink");
    try (FlinkCluster flink = new FlinkCluster(Files.createDirectories(checkpoints), 2)) {
      FlinkPipelineOptions options = flink.options(2);
      AttributionOptions flags = options.as(AttributionOptions.class);
      flags.setBootstrapServers(fluss.bootstrapServers());
      flags.setClusterConfig(clusterConfig(PASSWORD).toString());
      Pipeline pipeline = Pipeline.create(options);
      Attribution.apply(pipeline, flags);
      assertThat(DisplayData.from(options).toString(), not(containsString(PASSWORD)));
      FlinkCluster.Job job = flink.submit(pipeline);
      job.awaitMoreCheckpoints(2);
      FlinkRest rest = new FlinkRest(Integer.parseInt(options.getFlinkMaster().split(":", 2)[1]));
      List<FlinkRest.Job> running = rest.runningJobs();
      assertThat(running, hasSize(1));
      await("the tasks to run").atMost(PATIENCE).until(running.get(0)::tasksRun);
      String path = running.get(0).path();
      for (String page : List.of(path, path + "/config", path + "/plan", path + "/exceptions")) {
        assertThat(page, rest.get(page).toString(), not(containsString(PASSWORD)));
      }
      assertThat(
          "the flags are shown, of which this is one",
          rest.get(path + "/config").toString(),
          containsString("clusterConfig"));
      assertThat(rest.get("/jobmanager/config").toString(), not(containsString(PASSWORD)));
      job.cancel();
    }
    try (Stream<Path> files = Files.walk(checkpoints)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(
            file.toString(),
            new String(Files.readAllBytes(file), ISO_8859_1),
            not(containsString(PASSWORD)));
      }
    }
  }

  @Test
  void aWrongPasswordAndNoneAreToldWithoutIt() throws Exception {
    String wrong = "--clusterConfig=" + clusterConfig("guessed");
    assertThat(
        run(CreateTables.class, 1, wrong, "--scenario=attribution"),
        containsString("Invalid username or password"));
    assertThat(
        run(Attribution.class, 1, wrong, "--runner=DirectRunner"),
        containsString("did not let this client in: Authentication failed: Invalid username"));
    assertThat(
        run(Attribution.class, 1, "--runner=DirectRunner"),
        containsString("did not let this client in"));
    assertThat(
        run(
            Attribution.class,
            2,
            "--runner=DirectRunner",
            "--clusterConfig=" + directory.resolve("none")),
        containsString("none cannot be read (NoSuchFileException) on this machine"));
  }
}
