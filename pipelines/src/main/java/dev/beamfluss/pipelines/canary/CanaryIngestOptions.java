package dev.beamfluss.pipelines.canary;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link CanaryIngest}, besides those of Beam and of the runner. */
public interface CanaryIngestOptions extends ClusterOptions {

  /** The default of {@link #getPastDays}. */
  int PAST_DAYS = 400;

  /** The default of {@link #getFutureDays}. */
  int FUTURE_DAYS = 1;

  /** Whose lines they are. */
  @Description(
      "Client that the lines are of: ios, android, web, mini-program, or that of --mapping")
  @Validation.Required
  String getClient();

  /** Sets {@link #getClient}. */
  void setClient(String value);

  /** Where the lines are. */
  @Description("Text files with a JSON object a line, such as logs/ios-*.json.gz")
  @Validation.Required
  String getLines();

  /** Sets {@link #getLines}. */
  void setLines(String value);

  /** See {@link ClientMapping}. */
  @Description("File with the client's mapping. Default: the one that is shipped for the client")
  @Nullable String getMapping();

  /** Sets {@link #getMapping}. */
  void setMapping(@Nullable String value);

  /** See {@link dev.beamfluss.io.fluss.FlussIO.Write#withIdempotentWriter}. */
  @Description(
      "Whether the client numbers its batches, so that one that it sends again is not stored twice"
          + " (client.writer.enable-idempotence). Default: true")
  @Default.Boolean(true)
  boolean getIdempotence();

  /** Sets {@link #getIdempotence}. */
  void setIdempotence(boolean value);

  /** See {@link MapClientLines#withPlausibleTimes}. */
  @Description("How many days old an event may be. Default: 400")
  @Default.Integer(PAST_DAYS)
  int getPastDays();

  /** Sets {@link #getPastDays}. */
  void setPastDays(int value);

  /** See {@link MapClientLines#withPlausibleTimes}. */
  @Description("How many days ahead of the clock an event may be. Default: 1")
  @Default.Integer(FUTURE_DAYS)
  int getFutureDays();

  /** Sets {@link #getFutureDays}. */
  void setFutureDays(int value);
}
