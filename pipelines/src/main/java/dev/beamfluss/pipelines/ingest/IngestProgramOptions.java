package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;

/** The flags of {@link Ingest}. */
public interface IngestProgramOptions extends ClusterOptions, EventInputOptions {

  /** See {@link Replay}. */
  @Description("How many times faster than the events happened; 0 as fast as it goes. Default: 0")
  @Default.Double(0)
  double getSpeed();

  /** Sets {@link #getSpeed}. */
  void setSpeed(double value);

  /** Where malformed lines go. */
  @Description(
      "File for malformed and rejected lines: line number, reason and text, tab-separated."
          + " Default: standard error")
  String getErrors();

  /** Sets {@link #getErrors}. */
  void setErrors(String value);
}
