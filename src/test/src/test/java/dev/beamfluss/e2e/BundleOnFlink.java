package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.hasSize;

import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.pipelines.Main;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Programs of the bundled jar, as an operator runs and submits them. */
final class BundleOnFlink {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final String bootstrapServers;
  private final FlinkProcesses flink;
  private final FlinkRest rest;
  private final Path logs;

  BundleOnFlink(String bootstrapServers, FlinkProcesses flink, Path logs) {
    this.bootstrapServers = bootstrapServers;
    this.flink = flink;
    this.rest = new FlinkRest(flink.port());
    this.logs = logs;
  }

  /**
   * Submits a pipeline, and returns once its tasks run.
   *
   * @param more flags, each in the place of the one that is shipped
   */
  FlinkRest.Job submit(Path bundle, String program, List<String> more)
      throws IOException, InterruptedException {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "@" + Shipped.config("flink-cluster.args"),
                "--flinkMaster=" + flink.address(),
                "--filesToStage=" + bundle,
                "--bootstrapServers=" + bootstrapServers));
    flags.addAll(more);
    Set<String> before = new HashSet<>(ids());
    run(bundle, program, flags);
    List<FlinkRest.Job> jobs =
        rest.runningJobs().stream().filter(job -> !before.contains(job.id())).toList();
    assertThat(jobs, hasSize(1));
    awaitTasks(jobs.get(0));
    return jobs.get(0);
  }

  private Set<String> ids() {
    return rest.runningJobs().stream().map(FlinkRest.Job::id).collect(Collectors.toSet());
  }

  /** Waits until all tasks run. */
  static void awaitTasks(FlinkRest.Job job) {
    await("the tasks to run")
        .atMost(PATIENCE)
        .until(
            () -> {
              job.check();
              return job.tasksRun();
            });
  }

  /** Runs a program of a bundle in a process of its own, to its end. */
  void run(Path bundle, String program, List<String> flags)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(program));
    arguments.addAll(flags);
    try (JavaProcess process =
        JavaProcess.start(
            program,
            logs,
            bundle + File.pathSeparator + Shipped.flinkClassPath(),
            Shipped.SUBMITTER_JVM_FLAGS,
            Main.class.getName(),
            arguments)) {
      process.awaitSuccess();
    }
  }
}
