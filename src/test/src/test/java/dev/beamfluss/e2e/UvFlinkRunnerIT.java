package dev.beamfluss.e2e;

import java.util.List;

/** With checkpoints, at parallelism 2. */
class UvFlinkRunnerIT extends UvContract {
  @Override
  List<String> streaming() {
    return List.of(
        "--runner=FlinkRunner",
        "--flinkMaster=[local]",
        "--parallelism=2",
        "--checkpointingInterval=1000",
        "--maxBundleTimeMills=50",
        "--objectReuse=true",
        "--fasterCopy=true");
  }

  @Override
  List<String> batch() {
    return List.of("--runner=FlinkRunner", "--flinkMaster=[local]", "--parallelism=2");
  }
}
