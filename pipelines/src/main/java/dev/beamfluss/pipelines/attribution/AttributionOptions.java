package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Attribution}, besides those of Beam and of the runner. */
public interface AttributionOptions extends ClusterOptions, StreamingOptions {

  /** See {@link dev.beamfluss.transforms.DeltaJoin#withPartitionDiscoveryInterval}. */
  @Description("Milliseconds between looks for new partitions (days). Default: 10000")
  @Default.Integer(10_000)
  int getPartitionDiscoveryMillis();

  /** Sets {@link #getPartitionDiscoveryMillis}. */
  void setPartitionDiscoveryMillis(int value);

  /** See {@link dev.beamfluss.transforms.DeltaJoin#withShards}. */
  @Description("Groups the users are hashed into; bounds the parallelism of the join. Default: 8")
  @Default.Integer(8)
  int getJoinShards();

  /** Sets {@link #getJoinShards}. */
  void setJoinShards(int value);

  /** See {@link dev.beamfluss.transforms.DeltaJoin#withDayWindow}. */
  @Description(
      "Days within which an order counts, that of the visit among them. With more than 1 the result"
          + " is in log_page_ord_window_ri. Default: 1")
  @Default.Integer(1)
  int getWindowDays();

  /** Sets {@link #getWindowDays}. */
  void setWindowDays(int value);

  /** Whether conversion rate and sales are kept too; see {@link Conversions}. */
  @Description("Whether to keep the conversion rate and the sales of each day. Default: true")
  @Default.Boolean(true)
  boolean getConversions();

  /** Sets {@link #getConversions}. */
  void setConversions(boolean value);

  /** See {@link dev.beamfluss.transforms.TimeOrder#inTextOf}. */
  @Description(
      "How order_time and first_page_time are written, as a pattern of Java's DateTimeFormatter."
          + " What is written in another way goes to the table dead_letter. Default:"
          + " uuuu-MM-dd HH:mm:ss[.SSS]")
  @Default.String("uuuu-MM-dd HH:mm:ss[.SSS]")
  String getTimePattern();

  /** Sets {@link #getTimePattern}. */
  void setTimePattern(String value);

  /** Whether to compute one day again and end; see {@link PastDay}. */
  @Description(
      "Compute the day --ds again and end, instead of following the tables. Default: false")
  @Default.Boolean(false)
  boolean getBatch();

  /** Sets {@link #getBatch}. */
  void setBatch(boolean value);

  /** The day of the visits whose result is computed again. */
  @Description("With --batch and to reconcile: the day of the visits, such as 20261123")
  @Nullable String getDs();

  /** Sets {@link #getDs}. */
  void setDs(@Nullable String value);

  /** Whether a past day is read from the lake too. */
  @Description(
      "With --batch and to reconcile: read what the lake has and the log after it, or else the"
          + " cluster alone. Default: true")
  @Default.Boolean(true)
  boolean getFromLake();

  /** Sets {@link #getFromLake}. */
  void setFromLake(boolean value);
}
