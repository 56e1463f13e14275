package dev.beamfluss.pipelines.uv;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Uv}, besides those of Beam and of the runner. */
public interface UvOptions extends ClusterOptions, GrainOptions, StreamingOptions {

  /** Which way users are counted. */
  enum Option {
    /** Bitmaps, which the tablet servers merge, counted all the time. */
    A,
    /** Rows of users, tiered to the lake, counted there in batch. */
    B,
    /** Both, of the same events. */
    BOTH;

    boolean hasBitmaps() {
      return this != B;
    }

    boolean hasRows() {
      return this != A;
    }
  }

  /** See {@link Option}. */
  @Description(
      "A: bitmaps, merged by the tablet servers and counted all the time; B: rows of users, tiered"
          + " to the lake and counted there; BOTH. Default: A")
  @Default.Enum("A")
  Option getOption();

  /** Sets {@link #getOption}. */
  void setOption(Option value);

  /** See {@link dev.beamfluss.transforms.IdShards}. */
  @Description(
      "Shards of users, a power of two. What was written with one number cannot be read with"
          + " another. Default: 16")
  @Default.Integer(16)
  int getShards();

  /** Sets {@link #getShards}. */
  void setShards(int value);

  /** See {@link dev.beamfluss.transforms.IdMapping#withCache}. */
  @Description(
      "Users whose numbers a worker keeps in memory, some 200 bytes each. With fewer than come in an"
          + " hour, most of the time goes into looking them up. Default: 500000, the reference's")
  @Default.Long(500_000)
  long getCachedUsers();

  /** Sets {@link #getCachedUsers}. */
  void setCachedUsers(long value);

  /** See {@link dev.beamfluss.transforms.CollectBitmaps#withGatherInterval}. */
  @Description(
      "Milliseconds for which bitmaps are united before they are written; more of them make fewer"
          + " bytes in the tables' changelogs, and counts that are as much later. Default: 100")
  @Default.Integer(100)
  int getGatherMillis();

  /** Sets {@link #getGatherMillis}. */
  void setGatherMillis(int value);

  /** See {@link dev.beamfluss.transforms.CountBitmaps#withRefreshInterval}. */
  @Description("Milliseconds from the change of a bitmap until it is counted. Default: 200")
  @Default.Integer(200)
  int getRefreshMillis();

  /** Sets {@link #getRefreshMillis}. */
  void setRefreshMillis(int value);

  /** See {@link dev.beamfluss.transforms.CountBitmaps#withPartitionDiscoveryInterval}. */
  @Description("Milliseconds between looks for new partitions (days). Default: 10000")
  @Default.Integer(10_000)
  int getPartitionDiscoveryMillis();

  /** Sets {@link #getPartitionDiscoveryMillis}. */
  void setPartitionDiscoveryMillis(int value);

  /** Whether to count a day and end. */
  @Description(
      "Count the day --ds again and end, instead of following the tables: with A of the logs, with"
          + " B of the rows of users. Default: false")
  @Default.Boolean(false)
  boolean getBatch();

  /** Sets {@link #getBatch}. */
  void setBatch(boolean value);

  /** The day that is counted. */
  @Description("With --batch: the day, such as 20261123")
  @Nullable String getDs();

  /** Sets {@link #getDs}. */
  void setDs(@Nullable String value);

  /** Whether rows of users are read from the lake too. */
  @Description(
      "With --batch --option=B: read what the lake has and the log after it, or else the cluster"
          + " alone. Default: true")
  @Default.Boolean(true)
  boolean getFromLake();

  /** Sets {@link #getFromLake}. */
  void setFromLake(boolean value);
}
