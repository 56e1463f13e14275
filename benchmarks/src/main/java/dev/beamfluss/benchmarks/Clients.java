package dev.beamfluss.benchmarks;

import dev.beamfluss.local.LocalFluss;
import java.util.Map;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;

/** Clients of the cluster, with some settings. */
final class Clients {
  private Clients() {}

  static Connection connect(LocalFluss fluss, Map<String, String> properties) {
    return ConnectionFactory.createConnection(configuration(fluss, properties));
  }

  static Configuration configuration(LocalFluss fluss, Map<String, String> properties) {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    properties.forEach(configuration::setString);
    return configuration;
  }
}
