package dev.beamfluss.e2e;

import java.util.List;

class ForecastBaselineFlinkRunnerIT extends ForecastBaselineContract {
  @Override
  List<String> runner() {
    return List.of("--runner=FlinkRunner", "--flinkMaster=[local]", "--parallelism=2");
  }
}
