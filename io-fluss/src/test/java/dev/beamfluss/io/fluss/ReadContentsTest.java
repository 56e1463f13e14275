package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.client.metadata.KvSnapshots;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Contents out of snapshots of the server and the log after them. */
class ReadContentsTest {
  private static final int ORDERS = 300;

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(LocalFluss.builder().property("kv.snapshot.interval", "1s"));

  @Test
  void givesEachKeysLatestRowOnceWhetherOfTheSnapshotOrOfTheLogAfterIt() {
    String table = TestTables.orders(fluss, 2);
    List<RowChange> first = new ArrayList<>();
    for (int i = 0; i < ORDERS; i++) {
      first.add(RowChange.upsert(order("u" + i % 7, "o" + i, i)));
    }
    TestTables.write(fluss, table, first);
    awaitSnapshots(table);
    List<RowChange> second = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < ORDERS; i++) {
      if (i % 3 == 0) {
        second.add(RowChange.delete(order("u" + i % 7, "o" + i, 0)));
      } else if (i % 3 == 1) {
        second.add(RowChange.upsert(order("u" + i % 7, "o" + i, -i)));
        expected.add("[" + -i + ", o" + i + "]");
      } else {
        expected.add("[" + i + ", o" + i + "]");
      }
    }
    second.add(RowChange.upsert(order("new", "order", 1)));
    expected.add("[1, order]");
    TestTables.write(fluss, table, second);

    PipelineOptions options = PipelineOptionsFactory.create();
    options.setRunner(DirectRunner.class);
    TestPipeline pipeline = TestPipeline.fromOptions(options).enableAbandonedNodeEnforcement(false);
    PCollection<String> contents =
        pipeline
            .apply(
                FlussIO.readContents()
                    .from(cluster(fluss), table)
                    .withColumns("amount", "order_id"))
            .apply(
                MapElements.into(TypeDescriptors.strings()).via(row -> row.getValues().toString()));
    PAssert.that(contents).containsInAnyOrder(expected);
    pipeline.run().waitUntilFinish();
  }

  private static void awaitSnapshots(String table) {
    FlussTable described = cluster(fluss).describe(table);
    try (Connections.Lease lease = Connections.lease(described.cluster(), "test")) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                KvSnapshots snapshots =
                    lease
                        .connection()
                        .getAdmin()
                        .getLatestKvSnapshots(described.tablePath())
                        .join();
                return snapshots.getSnapshotId(0).isPresent()
                    && snapshots.getSnapshotId(1).isPresent();
              });
    }
  }
}
