package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.Filter;
import org.apache.fluss.client.Connection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds of {@link IdMapping} and {@link BitmapUv} on every runner. */
abstract class BitmapUvContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static Connection connection;

  private final JoinTables tables = new JoinTables(fluss, connection);

  @BeforeAll
  static void connect() {
    connection = JoinTables.connect(fluss);
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  /** Of a pipeline that never ends, and that run() starts and leaves running. */
  abstract PipelineOptions unbounded();

  abstract PipelineOptions bounded();

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void countsDistinctUsersWhileTheyCome(BitmapType type) throws Exception {
    DistinctUsers users = new DistinctUsers(tables, type);
    users.happen(500);
    Pipeline pipeline = Pipeline.create(unbounded());
    users.write(
        pipeline.apply(users.read().withStartingPosition(Position.earliest())),
        Filter.by(row -> true));
    pipeline.apply("Count", users.count());
    PipelineResult running = pipeline.run();
    try {
      users.assertComeToRest(Duration.ZERO);
      for (int round = 0; round < 5; round++) {
        users.happen(200);
      }
      users.assertComeToRest(Duration.ofMillis(400));
    } finally {
      running.cancel();
    }
    users.assertIdsAreDistinct();
  }

  /** As a batch job, and once more: a replay of everything. */
  @Test
  void aBoundedRunAndItsReplayCountTheSame() throws Exception {
    DistinctUsers users = new DistinctUsers(tables, BitmapType.RBM32);
    users.happen(1_000);
    Map<Long, Long> ids = null;
    for (int run = 0; run < 2; run++) {
      Pipeline writing = Pipeline.create(bounded());
      users.write(
          writing.apply(users.read().withStoppingPosition(Position.latest())),
          Filter.by(row -> true));
      writing.run().waitUntilFinish();
      Pipeline counting = Pipeline.create(bounded());
      counting.apply(users.count().withStoppingPosition(Position.latest()));
      counting.run().waitUntilFinish();
      users.assertComeToRest(Duration.ofMillis(100));
      users.assertIdsAreDistinct();
      Map<Long, Long> now = users.mapped();
      assertThat("ids never change", ids == null || ids.equals(now), is(true));
      ids = now;
    }
    assertThat(users.bitmapsOf("visit"), is(users.usersOf("visit", ids)));
  }
}
