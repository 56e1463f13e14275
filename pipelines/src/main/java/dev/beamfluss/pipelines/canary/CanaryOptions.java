package dev.beamfluss.pipelines.canary;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Canary}, besides those of Beam and of the runner. */
public interface CanaryOptions extends ClusterOptions, StreamingOptions {

  /** The key that tells releases apart. */
  @Description("Key in the column args that tells the releases apart. Default: release_type")
  @Default.String("release_type")
  String getReleaseKey();

  /** Sets {@link #getReleaseKey}. */
  void setReleaseKey(String value);

  /** The column that tells releases apart, if not the key. */
  @Description(
      "A STRING column that tells the releases apart in place of the key, such as release; then args,"
          + " which is half of a row, is not read. Default: none")
  @Nullable String getReleaseColumn();

  /** Sets {@link #getReleaseColumn}. */
  void setReleaseColumn(@Nullable String value);

  /** The value of the canary release. */
  @Description(
      "What the canary release has under the key, or in the column; all others are the baseline."
          + " Default: grey")
  @Default.String("grey")
  String getCanaryRelease();

  /** Sets {@link #getCanaryRelease}. */
  void setCanaryRelease(String value);

  /** What counts are by. */
  @Description(
      "Combinations of client, app_version, page and event that are counted, such as"
          + " client+page,event,all; cube are all of them. Default: cube")
  @Default.String("cube")
  String getCountSets();

  /** Sets {@link #getCountSets}. */
  void setCountSets(String value);

  /** What users are counted by. */
  @Description(
      "The same of those whose different users are counted, too; none counts no users. Default:"
          + " client,page,event,all")
  @Default.String("client,page,event,all")
  String getUvSets();

  /** Sets {@link #getUvSets}. */
  void setUvSets(String value);

  /** What day and minute of the counts are of. */
  @Description(
      "Time zone of the counts' day and minute; that of the clients' mappings makes their day that"
          + " of the log. Default: UTC")
  @Default.String("UTC")
  String getZone();

  /** Sets {@link #getZone}. */
  void setZone(String value);

  /** How soon counts are written. */
  @Description("From a row until its counts are written, in milliseconds. Default: 500")
  @Default.Integer(500)
  int getUpdateMillis();

  /** Sets {@link #getUpdateMillis}. */
  void setUpdateMillis(int value);

  /** How late a row may be. */
  @Description(
      "How long after its end, by the clock, a minute is still counted, in minutes. Default: 60")
  @Default.Integer(60)
  int getAllowedLatenessMinutes();

  /** Sets {@link #getAllowedLatenessMinutes}. */
  void setAllowedLatenessMinutes(int value);

  /** Whether releases are compared. */
  @Description("Whether the releases are compared and alerts are given. Default: true")
  @Default.Boolean(true)
  boolean getAlerting();

  /** Sets {@link #getAlerting}. */
  void setAlerting(boolean value);

  /** What other events are counted per. */
  @Description("The event that the others are counted per. Default: page_view")
  @Default.String("page_view")
  String getTrafficEvent();

  /** Sets {@link #getTrafficEvent}. */
  void setTrafficEvent(String value);

  /** See {@link dev.beamfluss.transforms.ReleaseWatch#withTolerance}. */
  @Description("The part of a rate that a difference must exceed to matter. Default: 0.05")
  @Default.Double(0.05)
  double getTolerance();

  /** Sets {@link #getTolerance}. */
  void setTolerance(double value);

  /** Who is told. */
  @Description(
      "Webhooks that alerts are posted to, beside the table. Default: none, they are logged")
  @Nullable List<String> getWebhook();

  /** Sets {@link #getWebhook}. */
  void setWebhook(@Nullable List<String> value);

  /** Where the webhooks' secret is. */
  @Description(
      "Environment variable, of the workers, with the value of the webhooks' Authorization header."
          + " Default: none")
  @Nullable String getWebhookAuthorizationVariable();

  /** Sets {@link #getWebhookAuthorizationVariable}. */
  void setWebhookAuthorizationVariable(@Nullable String value);

  /** See {@link dev.beamfluss.io.fluss.FlussIO.Write#withIdempotentWriter}. */
  @Description(
      "Whether the client numbers its batches of the detail log"
          + " (client.writer.enable-idempotence). Default: true; the reference has false")
  @Default.Boolean(true)
  boolean getIdempotence();

  /** Sets {@link #getIdempotence}. */
  void setIdempotence(boolean value);

  /** How often to look for a new day. */
  @Description("How often to look for a new day's partition, in milliseconds. Default: 10000")
  @Default.Integer(10_000)
  int getPartitionDiscoveryMillis();

  /** Sets {@link #getPartitionDiscoveryMillis}. */
  void setPartitionDiscoveryMillis(int value);
}
