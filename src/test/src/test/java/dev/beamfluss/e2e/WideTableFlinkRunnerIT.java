package dev.beamfluss.e2e;

import java.util.List;
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
        // some 130 steps, each of which wakes as often
        "--maxBundleTimeMills=200",
        "--objectReuse=true",
        "--fasterCopy=true");
  }

  /** Six clusters of Flink in one process. */
  @Override
  @Tag("nightly")
  @Test
  void eachStreamIsItsOwnAndAColumnIsAddedWhileTheyRun() throws Exception {
    super.eachStreamIsItsOwnAndAColumnIsAddedWhileTheyRun();
  }
}
