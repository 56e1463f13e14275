package dev.beamfluss.pipelines.demo;

import dev.beamfluss.pipelines.ingest.EventInputOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;

/** The flags of {@link Demo}, besides those of Beam and of the runner. */
public interface DemoOptions extends EventInputOptions, StreamingOptions {

  /** How long the events should take to come in. */
  @Description("Seconds over which the events come in; 0 as fast as it goes. Default: 30")
  @Default.Integer(30)
  int getSeconds();

  /** Sets {@link #getSeconds}. */
  void setSeconds(int value);

  /** Where the figures go. */
  @Description("Write the figures to this file as JSON too")
  String getJson();

  /** Sets {@link #getJson}. */
  void setJson(String value);

  /** When to give up. */
  @Description(
      "Seconds the result may take to become equal after the last event has come in. Default: 120")
  @Default.Integer(120)
  int getPatienceSeconds();

  /** Sets {@link #getPatienceSeconds}. */
  void setPatienceSeconds(int value);
}
