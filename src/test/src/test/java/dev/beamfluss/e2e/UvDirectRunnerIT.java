package dev.beamfluss.e2e;

import java.util.List;

/** With the direct runner's checks left on. */
class UvDirectRunnerIT extends UvContract {
  @Override
  List<String> streaming() {
    return List.of("--runner=DirectRunner", "--targetParallelism=4");
  }

  @Override
  List<String> batch() {
    return streaming();
  }
}
