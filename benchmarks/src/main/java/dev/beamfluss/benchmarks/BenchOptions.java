package dev.beamfluss.benchmarks;

import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Bench}. */
public interface BenchOptions extends PipelineOptions {
  /** {@code --suite=read}. */
  @Description("Which suite to run: read. Required.")
  @Validation.Required
  String getSuite();

  void setSuite(String suite);

  /** {@code --json=target/read.json}. */
  @Description("Where to write the measurements as JSON; without it, they are only printed.")
  @Nullable String getJson();

  void setJson(@Nullable String json);

  /** {@code --rows=500000}. */
  @Description("How many rows to measure with.")
  @Default.Integer(500_000)
  int getRows();

  void setRows(int rows);

  /** {@code --rounds=3}. */
  @Description("How often to measure each; the median counts. One more round before warms up.")
  @Default.Integer(3)
  int getRounds();

  void setRounds(int rounds);
}
