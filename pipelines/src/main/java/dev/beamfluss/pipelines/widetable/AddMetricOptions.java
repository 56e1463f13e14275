package dev.beamfluss.pipelines.widetable;

import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link AddMetric}; of several streams it takes one. */
public interface AddMetricOptions extends WideTableOptions {

  /** The column. */
  @Description("The column of the wide table to keep; added if the table does not have it")
  @Validation.Required
  String getAs();

  /** Sets {@link #getAs}. */
  void setAs(String value);

  /** Which wide table. */
  @Description("Whose wide table: product or shop. Default: shop")
  @Default.String("shop")
  String getGrain();

  /** Sets {@link #getGrain}. */
  void setGrain(String value);

  /** What is added up. */
  @Description("Keep the sum of this column of the stream's details, such as quantity")
  @Nullable String getSum();

  /** Sets {@link #getSum}. */
  void setSum(@Nullable String value);

  /** Of what the different values are counted. */
  @Description(
      "Keep how many different values this column of the stream's details has, such as item_id."
          + " Without --sum or --distinct: how many events there are")
  @Nullable String getDistinct();

  /** Sets {@link #getDistinct}. */
  void setDistinct(@Nullable String value);
}
