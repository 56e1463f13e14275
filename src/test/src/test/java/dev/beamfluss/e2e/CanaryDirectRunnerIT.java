package dev.beamfluss.e2e;

import java.util.List;
import org.apache.beam.sdk.Pipeline;

/** Without the direct runner's checks, which the tests of the transforms have. */
class CanaryDirectRunnerIT extends CanaryContract {
  @Override
  List<String> streaming() {
    return List.of(
        "--runner=DirectRunner",
        "--targetParallelism=2",
        "--enforceImmutability=false",
        "--enforceEncodability=false");
  }

  @Override
  List<String> batch() {
    return streaming();
  }

  /** None: this runner ends with the first failure. */
  @Override
  FailingSteps failing(Pipeline pipeline, String steps, int elements) {
    return FailingSteps.none();
  }

  @Override
  boolean onceOnly() {
    return true;
  }

  @Override
  boolean inOrder() {
    return false;
  }
}
