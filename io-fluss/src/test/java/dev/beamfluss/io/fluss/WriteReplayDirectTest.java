package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.local.FlussExtension;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.ListCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.FlatMapElements;
import org.apache.beam.sdk.transforms.InferableFunction;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The direct runner replays nothing: a pipeline that failed after some of its bundles were written
 * is run again from its beginning.
 */
class WriteReplayDirectTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final int NUMBERS = 2_000;

  @RepeatedTest(3)
  void tablesHoldWhatTheyWouldWithoutFailures() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    ReplayedWrites writes = new ReplayedWrites(fluss);
    for (int failure = 1; failure <= 2; failure++) {
      writes.failAfter(random.nextInt(5));
      try {
        run(writes);
      } catch (RuntimeException e) {
        assertThat(Waiting.rootMessage(e), containsString("thrown away"));
      }
      assertThat(writes.failures(), equalTo(failure));
    }
    run(writes);
    writes.assertSameAsWithoutFailures(NUMBERS);
  }

  private static void run(ReplayedWrites writes) {
    Pipeline pipeline = Pipeline.create();
    pipeline
        // one element, so that the numbers come in order
        .apply(
            Create.of(List.of(LongStream.range(0, NUMBERS).boxed().toList()))
                .withCoder(ListCoder.of(VarLongCoder.of())))
        .apply(FlatMapElements.via(new All()))
        .apply(writes);
    pipeline.run().waitUntilFinish();
  }

  private static final class All extends InferableFunction<List<Long>, List<Long>> {
    @Override
    public List<Long> apply(List<Long> numbers) {
      return numbers;
    }
  }
}
