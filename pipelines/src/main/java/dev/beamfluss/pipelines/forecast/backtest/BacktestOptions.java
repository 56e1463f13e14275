package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.pipelines.tables.LakeOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link Backtest}, besides those of Beam and of the runner. */
public interface BacktestOptions extends LakeOptions {

  /** The log. */
  @Description(
      "An event log (CSV, may be gzipped) to put into a lake of its own and to replay. Default,"
          + " without --warehouse: generated days")
  String getEvents();

  /** Sets {@link #getEvents}. */
  void setEvents(String value);

  /** Which country is a channel. */
  @Description(
      "With --events: the country that is a channel; all others are one, 'the rest'. Default:"
          + " United Kingdom")
  @Default.String("United Kingdom")
  String getCountry();

  /** Sets {@link #getCountry}. */
  void setCountry(String value);

  /** The zone of the days. */
  @Description("With --events: time zone of the days. Default: UTC")
  @Default.String("UTC")
  String getZone();

  /** Sets {@link #getZone}. */
  void setZone(String value);

  /** The first day to forecast. */
  @Description(
      "First day to forecast, such as 20261101. Required with --warehouse. Default of a log: --days"
          + " before --to")
  @Nullable String getFrom();

  /** Sets {@link #getFrom}. */
  void setFrom(@Nullable String value);

  /** The last day to forecast. */
  @Description("Last day to forecast. Required with --warehouse. Default of a log: its last day")
  @Nullable String getTo();

  /** Sets {@link #getTo}. */
  void setTo(@Nullable String value);

  /** How many days. */
  @Description("How many days to forecast, of a log or generated. Default: 21")
  Integer getDays();

  /** Sets {@link #getDays}. */
  void setDays(Integer value);

  /** How far back a baseline reads. */
  @Description("How many days before each day its baseline is made of at most. Default: 366")
  @Default.Integer(366)
  int getBacktestHistoryDays();

  /** Sets {@link #getBacktestHistoryDays}. */
  void setBacktestHistoryDays(int value);

  /** The seed. */
  @Description("Seed of generated days. Default: 1")
  @Default.Long(1)
  long getSeed();

  /** Sets {@link #getSeed}. */
  void setSeed(long value);

  /** How many orders. */
  @Description("Orders a day of each generated channel. Default: 20000")
  @Default.Integer(20_000)
  int getOrdersADay();

  /** Sets {@link #getOrdersADay}. */
  void setOrdersADay(int value);

  /** The probability of intervals. */
  @Description("Probability that a day's total is within its interval. Default: 0.9")
  @Default.Double(0.9)
  double getConfidence();

  /** Sets {@link #getConfidence}. */
  void setConfidence(double value);

  /** What the scenarios' databases are prefixed with. */
  @Description("With --warehouse: what the names of the databases begin with. Default: nothing")
  @Default.String("")
  String getDatabasePrefix();

  /** Sets {@link #getDatabasePrefix}. */
  void setDatabasePrefix(String value);

  /** The picture. */
  @Description("Draw a day's forecasts against the truth into this SVG file. Default: no picture")
  @Nullable String getSvg();

  /** Sets {@link #getSvg}. */
  void setSvg(@Nullable String value);

  /** The picture's day. */
  @Description("The day of the picture. Default: the last one that has a forecast")
  @Nullable String getSvgDay();

  /** Sets {@link #getSvgDay}. */
  void setSvgDay(@Nullable String value);

  /** The picture's channel. */
  @Description(
      "The channel of the picture. Required with --warehouse. Default: the country, or channel 1")
  @Nullable String getSvgChannel();

  /** Sets {@link #getSvgChannel}. */
  void setSvgChannel(@Nullable String value);
}
