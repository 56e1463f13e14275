package dev.beamfluss.pipelines.uv;

import java.util.Arrays;
import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;

/** The flag that says for what users are counted: of the program that makes tables, too. */
public interface GrainOptions extends PipelineOptions {

  /** See {@link Grain}. */
  @Description(
      "For what distinct users are counted, comma-separated: minute, hour, day, each with further"
          + " columns of the logs as in day+category. Default: minute,hour,day")
  @Default.String(Grain.DEFAULTS)
  String getUvGrains();

  /** Sets {@link #getUvGrains}. */
  void setUvGrains(String value);

  /**
   * The grains that the flag names.
   *
   * @throws IllegalArgumentException if one is none
   */
  static List<Grain> grains(GrainOptions options) {
    return Grain.of(Arrays.asList(options.getUvGrains().split(",", -1)));
  }
}
