package dev.beamfluss.e2e;

import java.util.List;
import org.apache.beam.sdk.Pipeline;

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

  /** None: this runner ends with the first failure. */
  @Override
  FailingSteps failing(Pipeline pipeline) {
    return FailingSteps.none();
  }
}
