package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;

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
}
