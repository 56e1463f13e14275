package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link ReconcileWideTable}, besides those of Beam and of the runner. */
public interface ReconcileWideTableOptions extends ClusterOptions {

  /** The day. */
  @Description("The day to compare, such as 20261123")
  @Validation.Required
  String getDs();

  /** Sets {@link #getDs}. */
  void setDs(String value);

  /** Whether tables are read from the lake too. */
  @Description(
      "Read what the lake has and the log after it, or else the cluster alone. Default: true")
  @Default.Boolean(true)
  boolean getFromLake();

  /** Sets {@link #getFromLake}. */
  void setFromLake(boolean value);

  /** Where the differences go, instead of the standard output. */
  @Description(
      "Write the differences to files that begin so, one a line, instead of printing them. Required"
          + " on a Flink cluster")
  @Nullable String getOutput();

  /** Sets {@link #getOutput}. */
  void setOutput(@Nullable String value);
}
