package dev.beamfluss.e2e;

import java.util.List;

/** With checkpoints, at parallelism 2. */
class WideTableFlinkRunnerIT extends WideTableContract {
  @Override
  List<String> flags() {
    return List.of(
        "--runner=FlinkRunner",
        "--flinkMaster=[local]",
        "--parallelism=2",
        "--checkpointingInterval=1000",
        "--maxBundleTimeMills=50",
        "--objectReuse=true",
        "--fasterCopy=true");
  }
}
