package dev.beamfluss.io.fluss;

import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The direct runner fails no job, but closes readers at random, and opens others. */
class ReadExactlyOnceDirectTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  /** A bundle ends after ten batches, and a reader is closed after one bundle in twenty. */
  private static final int APPENDS = 200;

  @Test
  void eachNumberIsInTheStateOnceThoughReadersAreClosedAndOpened() throws Exception {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setBlockOnRun(false);
    try (NumberedTable table = new NumberedTable(fluss, 4)) {
      SeenNumbers seen = new SeenNumbers();
      Pipeline pipeline = Pipeline.create(options);
      pipeline
          .apply("Read", table.read().withPartitionDiscoveryInterval(Duration.ofMillis(100)))
          .apply("Seen", seen);
      PipelineResult result = pipeline.run();
      try {
        for (int i = 0; i < APPENDS; i++) {
          if (i % (APPENDS / 5) == APPENDS / 10) {
            table.addPartition();
          }
          table.append(20_000 / APPENDS);
        }
        Runnable check = () -> check(result);
        seen.assertHoldsEachOnce(table, check, check);
      } finally {
        result.cancel();
      }
    }
  }

  /** The runner gives its failure once, and only to who has not asked for its state before. */
  private static void check(PipelineResult result) {
    PipelineResult.State state = result.waitUntilFinish(org.joda.time.Duration.millis(1));
    if (state != null && state.isTerminal()) {
      throw new IllegalStateException("The pipeline is " + state);
    }
  }
}
