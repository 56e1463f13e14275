package dev.beamfluss.e2e;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.pipelines.widetable.BehaviorStream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.beam.sdk.Pipeline;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** With checkpoints, at parallelism 2. */
class WideTableFlinkRunnerIT extends WideTableContract {
  @Override
  List<String> flags() {
    return List.of(
        "--runner=FlinkRunner",
        "--flinkMaster=[local]",
        "--parallelism=2",
        "--checkpointingInterval=2000",
        "--numberOfExecutionRetries=1000",
        "--executionRetryDelay=50",
        // some 130 steps, each of which wakes as often
        "--maxBundleTimeMills=200",
        "--objectReuse=true",
        "--fasterCopy=true");
  }

  /** Before and behind each write of each stream, and where users are numbered. */
  @Override
  FailingSteps failing(Pipeline pipeline) {
    String streams =
        Arrays.stream(BehaviorStream.values())
            .map(BehaviorStream::id)
            .collect(Collectors.joining("|"));
    FailingSteps failing =
        FailingSteps.behind(
            pipeline,
            "(Dimensions of|Number users of|(Write|Count)( users of)?) (" + streams + ")[^/]*",
            2);
    assertThat(failing.size(), is(45));
    return failing;
  }

  /** Six clusters of Flink in one process. */
  @Override
  @Tag("nightly")
  @Test
  void eachStreamIsItsOwnAndAColumnIsAddedWhileTheyRun() throws Exception {
    super.eachStreamIsItsOwnAndAColumnIsAddedWhileTheyRun();
  }
}
