package dev.beamfluss.e2e;

import java.util.List;

/** Without the direct runner's checks, which the tests of the transforms have. */
class WideTableDirectRunnerIT extends WideTableContract {
  @Override
  List<String> flags() {
    return List.of(
        "--runner=DirectRunner",
        "--targetParallelism=2",
        "--enforceImmutability=false",
        "--enforceEncodability=false");
  }
}
