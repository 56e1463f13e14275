package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;

/** Attribution from the bundled jar on a Flink cluster of processes, as an operator submits it. */
final class AttributionOnFlink {
  private final AttributionData data;
  private final String bootstrapServers;
  private final BundleOnFlink bundle;

  AttributionOnFlink(
      AttributionData data, String bootstrapServers, FlinkProcesses flink, Path logs) {
    this.data = data;
    this.bootstrapServers = bootstrapServers;
    this.bundle = new BundleOnFlink(bootstrapServers, flink, logs);
  }

  void createTables() throws IOException, InterruptedException {
    bundle.run(
        Shipped.bundle(),
        "create-tables",
        List.of(
            "--bootstrapServers=" + bootstrapServers,
            "--databasePrefix=" + data.prefix(),
            "--scenario=attribution",
            "--bucketNum=" + data.tableOptions().bucketNum(),
            "--numPrecreate=" + data.tableOptions().numPrecreate().orElseThrow(),
            "--numRetention=" + data.tableOptions().numRetention().orElseThrow()));
  }

  /** Submits it, with the flags that are shipped, and returns once its tasks run. */
  FlinkRest.Job submit() throws IOException, InterruptedException {
    return submit(Shipped.bundle(), List.of());
  }

  /**
   * Submits it, and returns once its tasks run.
   *
   * @param more flags, each in the place of the one that is shipped
   */
  FlinkRest.Job submit(Path jar, List<String> more) throws IOException, InterruptedException {
    List<String> flags =
        new ArrayList<>(
            List.of("--databasePrefix=" + data.prefix(), "--partitionDiscoveryMillis=200"));
    flags.addAll(more);
    return bundle.submit(jar, "attribution", flags);
  }

  /** Sums in the engine's state, so nothing may count twice after a restore. */
  @SuppressWarnings("try") // an interrupt while closing fails the test
  void conversionsAreThoseOf(AttributionAnswer answer, FlinkRest.Job job) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrapServers);
    try (Connection connection = ConnectionFactory.createConnection(configuration);
        TableMirror conversions =
            new TableMirror(
                connection, TablePath.of(data.database(), AttributionTables.CONVERSIONS))) {
      await("the conversions to be those of the answer")
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> {
                job.check();
                assertThat(conversions.rows(), is(AttributionData.conversions(answer)));
              });
    }
  }
}
