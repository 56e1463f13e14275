package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.EventInputOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Demo}, besides those of Beam and of the runner. */
public interface DemoOptions extends EventInputOptions, StreamingOptions {

  /** Which pipelines. */
  @Description(
      "Scenarios, comma-separated: attribution, widetable, forecast, canary, uv. Default: all")
  @Nullable String getOnly();

  /** Sets {@link #getOnly}. */
  void setOnly(@Nullable String value);

  /** How long the events should take to come in. */
  @Description("Seconds over which the events come in; 0 as fast as it goes. Default: 60")
  @Default.Integer(60)
  int getSeconds();

  /** Sets {@link #getSeconds}. */
  void setSeconds(int value);

  /** How many users there are in generated events. */
  @Description(
      "Users of generated events, half of whom do something on a day: some 5 events each. Default:"
          + " 2000")
  @Default.Integer(2_000)
  int getUsers();

  /** Sets {@link #getUsers}. */
  void setUsers(int value);

  /** Whether tables are tiered. */
  @Description("Whether Fluss's tiering service runs, in this process too. Default: true")
  @Default.Boolean(true)
  boolean getTiering();

  /** Sets {@link #getTiering}. */
  void setTiering(boolean value);

  /** Whether the live page is served. */
  @Description(
      "Serve the live page on loopback while the demo runs, and after it until Ctrl-C. Default:"
          + " false")
  @Default.Boolean(false)
  boolean getPage();

  /** Sets {@link #getPage}. */
  void setPage(boolean value);

  /** The page's port. */
  @Description("Port of the page, 0 for any that is free. Default: 8090")
  @Default.Integer(8090)
  int getPort();

  /** Sets {@link #getPort}. */
  void setPort(int value);

  /** Where the end state goes. */
  @Description("Write the page as it is at the end to this file, with its charts")
  @Nullable String getReport();

  /** Sets {@link #getReport}. */
  void setReport(@Nullable String value);

  /** Where the figures go. */
  @Description("Write the figures to this file as JSON too")
  @Nullable String getJson();

  /** Sets {@link #getJson}. */
  void setJson(@Nullable String value);

  /** When to give up. */
  @Description(
      "Seconds the results may take to become equal after the last event has come in. Default: 180")
  @Default.Integer(180)
  int getPatienceSeconds();

  /** Sets {@link #getPatienceSeconds}. */
  void setPatienceSeconds(int value);
}
