package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link WideTable}, besides those of Beam and of the runner. */
public interface WideTableOptions extends ClusterOptions, StreamingOptions {

  /** Which streams. */
  @Description(
      "Streams of this job: exposures, clicks, visits, carts, orders. Each may be a job of its own,"
          + " and must be in one job only. Default: all, in this job")
  @Nullable List<String> getStream();

  /** Sets {@link #getStream}. */
  void setStream(@Nullable List<String> value);

  /** See {@link dev.beamfluss.transforms.ColumnUpsert#withUpdateInterval}. */
  @Description("Milliseconds from an event until it is in the wide tables. Default: 500")
  @Default.Integer(500)
  int getUpdateMillis();

  /** Sets {@link #getUpdateMillis}. */
  void setUpdateMillis(int value);

  /** See {@link dev.beamfluss.transforms.ColumnUpsert#withAllowedLateness}. */
  @Description(
      "Hours after the end of an hour for which its events are still counted, by the clock, and its"
          + " totals kept; later ones go to the table dead_letter. An upstream that was down, or a"
          + " log of the past that is replayed, needs its age. Default: 24")
  @Default.Integer(24)
  int getAllowedLatenessHours();

  /** Sets {@link #getAllowedLatenessHours}. */
  void setAllowedLatenessHours(int value);

  /** How old an answer of the dimensions may be. */
  @Description(
      "Milliseconds for which a worker keeps the dimensions of an item that it looked up; 0 looks"
          + " up each event. Default: 10000")
  @Default.Integer(10_000)
  int getDimensionCacheMillis();

  /** Sets {@link #getDimensionCacheMillis}. */
  void setDimensionCacheMillis(int value);

  /** See {@link dev.beamfluss.transforms.IdMapping#withCache}. */
  @Description("Users whose numbers a worker keeps in memory, some 200 bytes each. Default: 500000")
  @Default.Long(500_000)
  long getCachedUsers();

  /** Sets {@link #getCachedUsers}. */
  void setCachedUsers(long value);

  /** See {@link dev.beamfluss.io.fluss.FlussIO.Read#withPartitionDiscoveryInterval}. */
  @Description("Milliseconds between looks for new partitions (days). Default: 10000")
  @Default.Integer(10_000)
  int getPartitionDiscoveryMillis();

  /** Sets {@link #getPartitionDiscoveryMillis}. */
  void setPartitionDiscoveryMillis(int value);
}
