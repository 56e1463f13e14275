package dev.beamfluss.io.fluss;

import com.google.auto.value.AutoValue;
import java.io.Serializable;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.fluss.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What a read was asked for; everything a source needs, settled when the pipeline is built. */
@AutoValue
abstract class ReadSpec implements Serializable {
  // in people's savepoints: Flink stores the source with its position
  private static final long serialVersionUID = 1L;

  static final Duration DISCOVERY_INTERVAL = Duration.ofSeconds(10);
  static final Duration CLUSTER_TIMEOUT = Duration.ofMinutes(2);

  abstract FlussTable table();

  /** The columns of the rows to make. */
  abstract List<String> columns();

  abstract Position start();

  abstract @Nullable PartitionFilter partitionFilter();

  abstract EventTime eventTime();

  abstract Duration maxOutOfOrderness();

  abstract Duration partitionDiscoveryInterval();

  abstract Duration clusterTimeout();

  /** Under which the server keeps the snapshots that are being read. */
  abstract String leaseId();

  /** The lake's snapshot to start from; null if the read leaves the lake alone. */
  abstract @Nullable LakeStart lake();

  static Builder builder(FlussTable table) {
    return new AutoValue_ReadSpec.Builder()
        .setTable(table)
        .setColumns(table.schema().getFieldNames())
        .setStart(Position.full())
        .setEventTime(new EventTime.Stored())
        .setMaxOutOfOrderness(Duration.ZERO)
        .setPartitionDiscoveryInterval(DISCOVERY_INTERVAL)
        .setClusterTimeout(CLUSTER_TIMEOUT)
        .setLeaseId("beam-fluss-" + UUID.randomUUID());
  }

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setTable(FlussTable table);

    abstract Builder setColumns(List<String> columns);

    abstract Builder setStart(Position start);

    abstract Builder setPartitionFilter(@Nullable PartitionFilter filter);

    abstract Builder setEventTime(EventTime eventTime);

    abstract Builder setMaxOutOfOrderness(Duration maxOutOfOrderness);

    abstract Builder setPartitionDiscoveryInterval(Duration interval);

    abstract Builder setClusterTimeout(Duration timeout);

    abstract Builder setLeaseId(String leaseId);

    abstract Builder setLake(@Nullable LakeStart lake);

    abstract ReadSpec build();
  }

  Schema schema() {
    return table().schema(columns());
  }

  /** The columns to ask the cluster for: the rows' and the one that event time is taken from. */
  List<String> scannedColumns() {
    Set<String> scanned = new LinkedHashSet<>(columns());
    if (eventTime().column() != null) {
      scanned.add(eventTime().column());
    }
    return List.copyOf(scanned);
  }

  RowType scannedType() {
    return table().rowType().project(scannedColumns());
  }

  void populate(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("table", table().path()))
        .add(DisplayData.item("cluster", table().cluster().toString()))
        .add(DisplayData.item("columns", String.join(",", columns())))
        .add(DisplayData.item("startingPosition", start().toString()))
        .add(DisplayData.item("eventTime", eventTime().toString()))
        .addIfNotNull(
            DisplayData.item(
                "lakeSnapshot", lake() == null || lake().isNothing() ? null : lake().snapshot()));
  }
}
