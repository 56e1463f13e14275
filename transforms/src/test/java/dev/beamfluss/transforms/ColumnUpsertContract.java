package dev.beamfluss.transforms;

import static org.hamcrest.Matchers.hasItem;

import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.local.FlussExtension;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.fluss.client.Connection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What holds of {@link ColumnUpsert} on every runner. */
abstract class ColumnUpsertContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static Connection connection;

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

  @Test
  void twoJobsKeepTheirColumnsWhileRowsComeChangeAndGo() throws Exception {
    ShopHours shops = new ShopHours(new JoinTables(fluss, connection));
    shops.happen(300);
    Pipeline ordering = Pipeline.create(unbounded());
    ordering
        .apply(shops.readOrders().withStartingPosition(Position.earliest()))
        .apply(shops.orders());
    PipelineResult orders = ordering.run();
    try {
      shops.happen(300);
      Pipeline exposing = Pipeline.create(unbounded());
      exposing
          .apply(shops.readExposures().withStartingPosition(Position.earliest()))
          .apply(shops.exposures());
      PipelineResult exposures = exposing.run();
      try {
        shops.assertComesToRest();
        for (int round = 0; round < 5; round++) {
          shops.happen(100);
        }
        shops.assertComesToRest();
      } finally {
        exposures.cancel();
      }
    } finally {
      orders.cancel();
    }
  }

  /** As batch jobs, and once more: a replay of everything. */
  @Test
  void aBoundedRunAndItsReplayWriteTheSame() throws Exception {
    ShopHours shops = new ShopHours(new JoinTables(fluss, connection));
    shops.happen(500);
    for (int run = 0; run < 2; run++) {
      runBounded(shops);
      shops.assertComesToRest();
    }
  }

  @Test
  void columnsOfOthersStay() throws Exception {
    ShopHours shops = new ShopHours(new JoinTables(fluss, connection));
    shops.note(0, "h0", "theirs");
    shops.happen(300);
    runBounded(shops);
    shops.assertComesToRest();
    shops.assertBecomes("[0, h0]", hasItem("theirs"));
  }

  private void runBounded(ShopHours shops) {
    Pipeline pipeline = Pipeline.create(bounded());
    pipeline
        .apply(
            shops
                .readOrders()
                .withStartingPosition(Position.earliest())
                .withStoppingPosition(Position.latest()))
        .apply("Orders", shops.orders());
    pipeline
        .apply(
            shops
                .readExposures()
                .withStartingPosition(Position.earliest())
                .withStoppingPosition(Position.latest()))
        .apply("Exposures", shops.exposures());
    pipeline.run().waitUntilFinish();
  }
}
