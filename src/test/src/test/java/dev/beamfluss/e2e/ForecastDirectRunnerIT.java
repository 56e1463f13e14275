package dev.beamfluss.e2e;

import java.util.List;
import org.apache.beam.sdk.Pipeline;

/** Without the direct runner's checks, which the tests of the transforms have. */
class ForecastDirectRunnerIT extends ForecastContract {
  @Override
  List<String> runner() {
    return List.of(
        "--runner=DirectRunner",
        "--targetParallelism=2",
        "--enforceImmutability=false",
        "--enforceEncodability=false");
  }

  /** None: this runner ends with the first failure. */
  @Override
  FailingSteps failing(Pipeline pipeline, String steps, int elements) {
    return FailingSteps.none();
  }
}
