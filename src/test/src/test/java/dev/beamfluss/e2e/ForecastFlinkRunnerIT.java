package dev.beamfluss.e2e;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import java.util.List;
import org.apache.beam.sdk.Pipeline;

/** With checkpoints, at parallelism 2. */
class ForecastFlinkRunnerIT extends ForecastContract {
  @Override
  List<String> runner() {
    return List.of(
        "--runner=FlinkRunner",
        "--flinkMaster=[local]",
        "--parallelism=2",
        "--checkpointingInterval=1000",
        "--numberOfExecutionRetries=1000",
        "--executionRetryDelay=50",
        "--maxBundleTimeMills=100",
        "--objectReuse=true",
        "--fasterCopy=true");
  }

  @Override
  FailingSteps failing(Pipeline pipeline, String steps, int elements) {
    FailingSteps failing = FailingSteps.behind(pipeline, steps, elements);
    assertThat(failing.size(), is(steps.split("\\|").length));
    return failing;
  }
}
