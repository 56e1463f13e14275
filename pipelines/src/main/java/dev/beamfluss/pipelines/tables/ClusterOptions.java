package dev.beamfluss.pipelines.tables;

import dev.beamfluss.io.fluss.ExternalProperties;
import dev.beamfluss.io.fluss.FlussCluster;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

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

  /** See {@link ExternalProperties}. */
  @Description(
      "File with properties of the Fluss client, such as client.security.sasl.password, or env:NAME"
          + " for an environment variable that has them. Each process reads it itself, workers too."
          + " Default: none")
  @Nullable String getClusterConfig();

  /** Sets {@link #getClusterConfig}. */
  void setClusterConfig(@Nullable String value);

  /**
   * The cluster that the flags name.
   *
   * @throws IllegalArgumentException if {@code --clusterConfig} cannot be read here, or is wrong
   */
  static FlussCluster cluster(ClusterOptions options) {
    FlussCluster cluster = FlussCluster.at(options.getBootstrapServers());
    if (options.getClusterConfig() == null) {
      return cluster;
    }
    FlussCluster configured =
        cluster.withExternalProperties(ExternalProperties.at(options.getClusterConfig()));
    // now, not on the workers first
    var unused = configured.resolvedProperties();
    return configured;
  }
}
