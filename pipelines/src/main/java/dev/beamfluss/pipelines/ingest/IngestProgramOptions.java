package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.DefaultValueFactory;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;

/** The flags of {@link Ingest}. */
public interface IngestProgramOptions extends ClusterOptions, EventInputOptions {

  /** See {@link Replay}. */
  @Description("How many times faster than the events happened; 0 as fast as it goes. Default: 0")
  @Default.Double(0)
  double getSpeed();

  /** Sets {@link #getSpeed}. */
  void setSpeed(double value);

  /** See {@link Replay.Target}. */
  @Description(
      "Scenarios whose tables are written, comma-separated: ATTRIBUTION (visits and orders), UV (the"
          + " logs of what users do), WIDETABLE (the same, lines of orders, items), FORECAST (orders"
          + " as placed), CANARY (what clients log). Default: ATTRIBUTION")
  @Default.InstanceFactory(AttributionAlone.class)
  List<Replay.Target> getTargets();

  /** Sets {@link #getTargets}. */
  void setTargets(List<Replay.Target> value);

  /** The default of {@link #getTargets}. */
  final class AttributionAlone implements DefaultValueFactory<List<Replay.Target>> {
    @Override
    public List<Replay.Target> create(PipelineOptions options) {
      return List.of(Replay.Target.ATTRIBUTION);
    }
  }

  /** Where malformed lines go. */
  @Description(
      "File for malformed and rejected lines: line number, reason and text, tab-separated."
          + " Default: standard error")
  String getErrors();

  /** Sets {@link #getErrors}. */
  void setErrors(String value);
}
