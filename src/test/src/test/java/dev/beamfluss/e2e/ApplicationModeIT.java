package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.demo.Observer;
import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.TableCreator;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pipeline that a JobManager runs inside itself, "application mode", as the manifests in {@code
 * deploy/kubernetes} have it: with their entry class and files of flags, the bundled jar in {@code
 * usrlib}, and nobody who submits anything.
 */
class ApplicationModeIT {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Path LOGS = Path.of("target", "application-mode");
  private static final Path MANIFESTS =
      Path.of(System.getProperty("beamfluss.home"), "deploy", "kubernetes");

  @TempDir Path directory;

  @Test
  @Tag("nightly")
  void aJobManagerRunsThePipelineOfAManifest() throws Exception {
    AttributionData data = new AttributionData(fluss.bootstrapServers());
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      AttributionTables.definitions(data.tableOptions()).forEach(creator::create);
    }
    List<Event> events = new ArrayList<>();
    AttributionData.events(5).forEach(events::add);
    AttributionAnswer answer = AttributionAnswer.of(events);

    FlinkProcesses flink =
        FlinkProcesses.in(
            directory.resolve("flink"), Shipped.flinkClassPath(), JavaProcess.testFlags(LOGS));
    flink.configure(Shipped.config("flink-cluster.yaml"), 0, 2, Optional.empty());
    try (JavaProcess jobManager = jobManager(flink, data);
        Observer observer = data.observer();
        Replay replay = data.replay()) {
      FlinkRest rest = new FlinkRest(flink.port());
      await("the JobManager").atMost(PATIENCE).until(() -> answers(jobManager, rest));
      flink.startTaskManager();
      await("its job").atMost(PATIENCE).until(() -> rest.runningJobs().size() == 1);
      FlinkRest.Job job = rest.runningJobs().get(0);
      assertThat(rest.get(job.path()).get("name").asText(), is("attribution"));
      BundleOnFlink.awaitTasks(job);
      assertThat("that of the deployment", job.parallelism(), is(2));
      replay.run(events.iterator());
      AttributionData.awaitEqual(observer, job::check, answer, PATIENCE);
      job.awaitMoreCheckpoints(1);
      assertThat(job.checkpoints(), is(greaterThan(0L)));
      assertThat("it runs once", rest.runningJobs(), hasSize(1));
      jobManager.check();
    } finally {
      flink.stop();
    }
  }

  private static boolean answers(JavaProcess jobManager, FlinkRest rest) {
    jobManager.check();
    return rest.answers();
  }

  private JavaProcess jobManager(FlinkProcesses flink, AttributionData data) throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    JsonNode deployment = yaml.readTree(MANIFESTS.resolve("attribution.yaml").toFile());
    JsonNode job = deployment.at("/spec/job");
    // Flink looks for usrlib beside lib
    Path home = directory.resolve("home");
    Files.createDirectories(home.resolve("lib"));
    Path jar =
        home.resolve("usrlib")
            .resolve(
                Path.of(URI.create(job.get("jarURI").asText()).getPath()).getFileName().toString());
    Files.createDirectories(jar.getParent());
    Files.createSymbolicLink(jar, Shipped.bundle().toAbsolutePath());

    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--configDir", flink.configuration().toString()));
    arguments.addAll(List.of("--job-classname", job.get("entryClass").asText()));
    arguments.addAll(List.of("-D", "parallelism.default=" + job.get("parallelism").asText()));
    for (JsonNode argument : job.get("args")) {
      arguments.add("@" + mounted(argument.asText().substring(1)));
    }
    // in the place of those in the files
    arguments.addAll(
        List.of(
            "--bootstrapServers=" + fluss.bootstrapServers(),
            "--clusterConfig=" + clientProperties(),
            "--databasePrefix=" + data.prefix(),
            "--partitionDiscoveryMillis=200",
            "--checkpointingInterval=2000"));
    List<String> flags = new ArrayList<>(FlinkProcesses.JVM_OPENS);
    flags.add("-Xmx768m");
    return JavaProcess.start(
        "jobmanager",
        LOGS,
        Shipped.flinkClassPath()
            + File.pathSeparator
            + Path.of(
                URI.create(
                    StandaloneApplicationClusterEntryPoint.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toString())),
        flags,
        StandaloneApplicationClusterEntryPoint.class.getName(),
        arguments,
        Map.of("FLINK_LIB_DIR", home.resolve("lib").toString()),
        // the TaskManager's: it looks for the jar where it is from the JobManager's
        directory.resolve("flink"));
  }

  /** A file of flags, as the pods have it. */
  private Path mounted(String path) throws IOException {
    String name = Path.of(path).getFileName().toString();
    JsonNode config = new YAMLMapper().readTree(MANIFESTS.resolve("config.yaml").toFile());
    return Files.writeString(directory.resolve(name), config.get("data").get(name).asText());
  }

  private Path clientProperties() throws IOException {
    return Files.writeString(directory.resolve("fluss.properties"), "client.request-timeout=30s\n");
  }
}
