package dev.beamfluss.benchmarks;

import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Bench}. */
public interface BenchOptions extends PipelineOptions {
  /** {@code --suite=write,lookup}. */
  @Description(
      "Which suites to run: read, write, lookup, paimon, join, uv, columns, canary, forecast,"
          + " page; several with commas between. Required.")
  @Validation.Required
  String getSuite();

  void setSuite(String suite);

  /** {@code --json=target/read.json}. */
  @Description("Where to write the measurements as JSON; without it, they are only printed.")
  @Nullable String getJson();

  void setJson(@Nullable String json);

  /** {@code --rows=2000000}. */
  @Description(
      "How many rows to measure with; slow contenders take fewer. Default: the suite's own"
          + " (read, paimon: 2000000, write: 400000, lookup: 200000, join: 500000,"
          + " uv: 500000, canary: 200000).")
  @Nullable Integer getRows();

  void setRows(@Nullable Integer rows);

  /** {@code --rounds=5}. */
  @Description("How often to measure each; the median counts. One more before warms up.")
  @Default.Integer(5)
  int getRounds();

  void setRounds(int rounds);

  /** {@code --warmUp=false}. */
  @Description(
      "Whether one more round, which does not count, comes first. Without it, what is measured is"
          + " mostly the start of the JVM.")
  @Default.Boolean(true)
  boolean getWarmUp();

  void setWarmUp(boolean warmUp);

  /** {@code --only=flink}. */
  @Description(
      "Measures only the contenders whose name has this, or one of several separated by commas, in"
          + " it, e.g. flink or ours-3-columns, for profiling. Ratios to what was not measured are"
          + " missing.")
  @Default.String("")
  String getOnly();

  void setOnly(String only);

  /** {@code --latencySeconds=15}. */
  @Description(
      "How long to measure latency, after the warm-up; and how long each round of page-clients is.")
  @Default.Integer(15)
  int getLatencySeconds();

  void setLatencySeconds(int seconds);

  /** {@code --clients=500}. */
  @Description("How many look at the page in page-clients; at most 1000.")
  @Default.Integer(500)
  int getClients();

  void setClients(int clients);

  /** {@code --iterationMillis=1000}. */
  @Description("How long an iteration of JMH takes, where methods are measured by it.")
  @Default.Integer(1000)
  int getIterationMillis();

  void setIterationMillis(int millis);
}
