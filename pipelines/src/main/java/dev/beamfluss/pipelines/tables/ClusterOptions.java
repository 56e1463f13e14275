package dev.beamfluss.pipelines.tables;

import dev.beamfluss.io.fluss.FlussCluster;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;

/** Where the tables are; part of every program's flags. */
public interface ClusterOptions extends PipelineOptions {

  /** The cluster. */
  @Description("Addresses of the Fluss cluster, host:port,host:port")
  @Validation.Required
  String getBootstrapServers();

  /** Sets {@link #getBootstrapServers}. */
  void setBootstrapServers(String value);

  /** What the scenarios' databases are prefixed with. */
  @Description("What the names of the databases begin with. Default: nothing")
  @Default.String("")
  String getDatabasePrefix();

  /** Sets {@link #getDatabasePrefix}. */
  void setDatabasePrefix(String value);

  /** The cluster that the flags name. */
  static FlussCluster cluster(ClusterOptions options) {
    return FlussCluster.at(options.getBootstrapServers());
  }
}
