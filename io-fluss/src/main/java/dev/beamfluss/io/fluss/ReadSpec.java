package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.display.DisplayData;

/** What a read was asked for; everything a source needs, settled when the pipeline is built. */
record ReadSpec(
    FlussTable table,
    ArrayList<String> columns,
    Position start,
    Duration partitionDiscoveryInterval)
    implements Serializable {

  static ReadSpec of(
      FlussTable table, List<String> columns, Position start, Duration partitionDiscoveryInterval) {
    return new ReadSpec(table, new ArrayList<>(columns), start, partitionDiscoveryInterval);
  }

  Schema schema() {
    return table.schema(columns);
  }

  void populate(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("table", table.path()))
        .add(DisplayData.item("cluster", table.cluster().toString()))
        .add(DisplayData.item("columns", String.join(",", columns)))
        .add(DisplayData.item("startingPosition", start.toString()));
  }
}
