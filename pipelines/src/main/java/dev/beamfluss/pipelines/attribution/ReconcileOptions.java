package dev.beamfluss.pipelines.attribution;

import org.apache.beam.sdk.options.Description;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Reconcile}, besides those of Beam and of the runner. */
public interface ReconcileOptions extends AttributionOptions {

  /** Where the differences go, instead of the standard output. */
  @Description(
      "Write the differences to files that begin so, one a line, instead of printing them. Required"
          + " on a Flink cluster")
  @Nullable String getOutput();

  /** Sets {@link #getOutput}. */
  void setOutput(@Nullable String value);
}
