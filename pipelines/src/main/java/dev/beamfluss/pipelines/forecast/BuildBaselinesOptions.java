package dev.beamfluss.pipelines.forecast;

import dev.beamfluss.pipelines.tables.LakeOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link BuildBaselines}, besides those of Beam and of the runner. */
public interface BuildBaselinesOptions extends LakeOptions {

  /** The day. */
  @Description("The day that the baselines are for, such as 20261123")
  @Validation.Required
  String getDs();

  /** Sets {@link #getDs}. */
  void setDs(String value);

  /** How far back to read. */
  @Description(
      "How many days before to read; of those, the latest 30 of the day's kind are used. Default:"
          + " 60")
  @Default.Integer(60)
  int getHistoryDays();

  /** Sets {@link #getHistoryDays}. */
  void setHistoryDays(int value);

  /** Where the baselines go. */
  @Description(
      "paimon: into the lake alone. fluss: into the KV table order_mm_his_kv of the cluster, too."
          + " Default: paimon")
  @Default.String("paimon")
  String getBaseline();

  /** Sets {@link #getBaseline}. */
  void setBaseline(String value);

  /** The cluster of the KV table. */
  @Description("Addresses of the Fluss cluster, host:port,host:port. Needed for --baseline=fluss")
  @Nullable String getBootstrapServers();

  /** Sets {@link #getBootstrapServers}. */
  void setBootstrapServers(@Nullable String value);

  /** What the scenarios' databases are prefixed with. */
  @Description("What the names of the databases begin with. Default: nothing")
  @Default.String("")
  String getDatabasePrefix();

  /** Sets {@link #getDatabasePrefix}. */
  void setDatabasePrefix(String value);
}
