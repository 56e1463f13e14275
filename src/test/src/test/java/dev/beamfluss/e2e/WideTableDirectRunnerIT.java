package dev.beamfluss.e2e;

import java.util.List;

class WideTableDirectRunnerIT extends WideTableContract {
  @Override
  List<String> flags() {
    return List.of("--runner=DirectRunner", "--targetParallelism=2");
  }
}
