package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables;
import org.apache.fluss.client.Connection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The direct runner replays nothing: a join that failed after some of its bundles were written is
 * run again from its beginning.
 */
class DeltaJoinReplayDirectTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final int FAILURES = 2;

  private static Connection connection;

  @BeforeAll
  static void connect() {
    connection = JoinTables.connect(fluss);
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  @Test
  void theSinkEqualsTheJoinAfterRunsThatFailed() {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    List<RandomJoin> joins = RandomJoin.ofEveryKind(new JoinTables(fluss, connection), seed);
    try {
      Faults faults = new Faults();
      for (int failure = 1; failure <= FAILURES; failure++) {
        joins.forEach(join -> join.change(30));
        faults.failAfter(
            failure % 2 == 0 ? Faults.Place.COMPUTING : Faults.Place.WRITTEN,
            random.nextInt(joins.size()));
        Throwable thrown = assertThrows(RuntimeException.class, () -> run(joins, faults));
        assertThat(Throwables.getStackTraceAsString(thrown), containsString("as the test wants"));
        assertThat(faults.failures(), equalTo(failure));
      }
      joins.forEach(join -> join.change(30));
      run(joins, faults);
      RandomJoin.assertComeToRest(joins, Duration.ofMillis(500));
    } finally {
      joins.forEach(RandomJoin::close);
    }
  }

  private static void run(List<RandomJoin> joins, Faults faults) {
    Pipeline pipeline = Pipeline.create();
    for (RandomJoin join : joins) {
      pipeline
          .apply(join.name(), join.join(faults).withStoppingPosition(Position.latest()))
          .apply("Fail after " + join.name(), faults);
    }
    pipeline.run().waitUntilFinish();
  }
}
