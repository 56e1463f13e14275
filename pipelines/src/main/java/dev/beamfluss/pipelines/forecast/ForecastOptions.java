package dev.beamfluss.pipelines.forecast;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.LakeOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link OrderForecast}, besides those of Beam and of the runner. */
public interface ForecastOptions extends ClusterOptions, LakeOptions, StreamingOptions {

  /** Which stages. */
  @Description(
      "accumulate (orders into order_dtm), fuse (order_dtm into order_forecast_mm), or both in one"
          + " job. Default: both")
  @Default.String("both")
  String getStage();

  /** Sets {@link #getStage}. */
  void setStage(String value);

  /** Where the orders are. */
  @Description(
      "Table of the orders, with order_id, amount, event_time and, if it has sources, order_source;"
          + " such as widetable.order_log. Default: order_log of the scenario")
  @Nullable String getOrders();

  /** Sets {@link #getOrders}. */
  void setOrders(@Nullable String value);

  /** What stands for the source. */
  @Description("The source of all orders, where their table has no order_source. Default: all")
  @Default.String("all")
  String getSource();

  /** Sets {@link #getSource}. */
  void setSource(String value);

  /** What days and minutes are of. */
  @Description("Time zone of ds and mm. Default: UTC")
  @Default.String("UTC")
  String getZone();

  /** Sets {@link #getZone}. */
  void setZone(String value);

  /** See {@link dev.beamfluss.transforms.MinuteTotals#withUpdateInterval}. */
  @Description("From an order until its minute is written, in milliseconds. Default: 500")
  @Default.Integer(500)
  int getUpdateMillis();

  /** Sets {@link #getUpdateMillis}. */
  void setUpdateMillis(int value);

  /** See {@link dev.beamfluss.transforms.MinuteTotals#withAllowedLateness}. */
  @Description(
      "Hours after the end of a day, by the clock, for which its orders still count, and its totals"
          + " are kept; later ones go to the table dead_letter. Default: 24")
  @Default.Integer(24)
  int getAllowedLatenessHours();

  /** Sets {@link #getAllowedLatenessHours}. */
  void setAllowedLatenessHours(int value);

  /** See {@link dev.beamfluss.transforms.ForecastModel#named(String)}. */
  @Description("The model: ratio or shrunk. Default: ratio, the reference's")
  @Default.String("ratio")
  String getForecastModel();

  /** Sets {@link #getForecastModel}. */
  void setForecastModel(String value);

  /** See {@link dev.beamfluss.transforms.ForecastModel#named(String, double)}. */
  @Description("Probability that a day's total is in the interval. Default: 0.9")
  @Default.Double(0.9)
  double getForecastConfidence();

  /** Sets {@link #getForecastConfidence}. */
  void setForecastConfidence(double value);

  /** Where baselines are. */
  @Description(
      "paimon: the latest partition of order_mm_his_str in the lake. fluss: the KV table"
          + " order_mm_his_kv. Default: paimon")
  @Default.String("paimon")
  String getBaseline();

  /** Sets {@link #getBaseline}. */
  void setBaseline(String value);

  /** See {@link dev.beamfluss.io.paimon.PaimonIO.LookupLatestRows#withRefreshInterval}. */
  @Description(
      "Seconds for which a baseline is used before a newer one is looked for. Default: 3600")
  @Default.Integer(3_600)
  int getBaselineRefreshSeconds();

  /** Sets {@link #getBaselineRefreshSeconds}. */
  void setBaselineRefreshSeconds(int value);

  /** How often to look for a new day. */
  @Description("How often to look for a new day's partition, in milliseconds. Default: 10000")
  @Default.Integer(10_000)
  int getPartitionDiscoveryMillis();

  /** Sets {@link #getPartitionDiscoveryMillis}. */
  void setPartitionDiscoveryMillis(int value);
}
