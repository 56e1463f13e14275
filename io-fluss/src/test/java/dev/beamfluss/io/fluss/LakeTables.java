package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.apache.fluss.metadata.TableDescriptor;

/** What the tests of lake tables share. */
final class LakeTables {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private LakeTables() {}

  /** The same table, tiered each second. */
  static TableDescriptor lake(TableDescriptor descriptor) {
    return TableDescriptor.builder(descriptor)
        .property("table.datalake.enabled", "true")
        .property("table.datalake.freshness", "1s")
        .build();
  }

  /** Offsets of the log that are not in the lake. */
  static long untiered(FlussTable table) {
    return LakeLag.of(table.cluster(), table.path()).stream()
        .mapToLong(LakeLag::untieredRows)
        .sum();
  }

  static void awaitTiered(FlussTable table) {
    await().atMost(PATIENCE).until(() -> untiered(table) == 0);
  }
}
