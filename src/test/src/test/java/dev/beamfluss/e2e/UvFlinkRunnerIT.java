package dev.beamfluss.e2e;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

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

  @Tag("nightly")
  @Test
  void tenMillionRows() throws Exception {
    countAllWays(10_000_000, Duration.ofMinutes(30));
  }
}
