package dev.beamfluss.page;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.FlussProcesses;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page over restarts of a cluster of processes, which keeps its data. */
@Tag("nightly")
class RestartTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(4);
  private static final String PREFIX = "restart_";

  @TempDir static Path directory;

  @Test
  void thePageGoesOnOnceTheCoordinatorOrAllServersAreBack() throws Exception {
    FlussProcesses cluster =
        FlussProcesses.in(directory, System.getProperty("java.class.path"), List.of());
    cluster.configure(
        Path.of("..", "runner-configs", "fluss-cluster.yaml"),
        0,
        1,
        Optional.of(directory.resolve("lake")));
    try {
      cluster.start();
      follow(cluster);
    } finally {
      cluster.stop();
    }
  }

  private static void follow(FlussProcesses cluster) throws Exception {
    try (PageServer page =
            PageServer.start(FlussCluster.at(cluster.bootstrapServers()), PREFIX, "127.0.0.1", 0);
        Listener listener = new Listener(page.uri())) {
      write(cluster, true, 3, "11.5");
      awaitGmv(listener, "11.50");

      // the tables' servers answer without a coordinator
      cluster.killCoordinator();
      write(cluster, false, 4, "12.5");
      awaitGmv(listener, "12.50");
      cluster.startCoordinator();
      write(cluster, false, 5, "13.5");
      awaitGmv(listener, "13.50");

      cluster.stop();
      await()
          .atMost(TIMEOUT)
          .until(() -> listener.newest("status").path("connected").asBoolean(true), is(false));
      assertThat("what was read stays", listener.figure("attribution", "GMV"), is("13.50"));
      cluster.start();
      await()
          .atMost(TIMEOUT)
          .until(() -> listener.newest("status").path("connected").asBoolean(false));
      await().atMost(TIMEOUT).until(() -> listener.state("attribution"), is("live"));
      assertThat("the data is kept", listener.figure("attribution", "GMV"), is("13.50"));
      write(cluster, false, 6, "14.5");
      awaitGmv(listener, "14.50");
    }
  }

  /** With a client of its own, which has not seen the restart. */
  private static void write(FlussProcesses cluster, boolean creates, long visitors, String gmv)
      throws Exception {
    ViewTables tables = new ViewTables(cluster.bootstrapServers(), PREFIX);
    try {
      Rows rows = new Rows(tables);
      if (creates) {
        rows.createAttribution();
      }
      rows.conversions(visitors, 1, 2, gmv);
    } finally {
      tables.close();
    }
  }

  private static void awaitGmv(Listener listener, String gmv) {
    await().atMost(TIMEOUT).until(() -> listener.figure("attribution", "GMV"), is(gmv));
    await().atMost(TIMEOUT).until(() -> listener.state("attribution"), is("live"));
  }
}
