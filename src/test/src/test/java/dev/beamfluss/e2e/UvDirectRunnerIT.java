package dev.beamfluss.e2e;

import java.util.List;

/**
 * Without the direct runner's checks, as there are many rows; the tests of the transforms have
 * them.
 */
class UvDirectRunnerIT extends UvContract {
  @Override
  List<String> streaming() {
    return List.of(
        "--runner=DirectRunner",
        "--targetParallelism=4",
        "--enforceImmutability=false",
        "--enforceEncodability=false");
  }

  @Override
  List<String> batch() {
    return streaming();
  }
}
