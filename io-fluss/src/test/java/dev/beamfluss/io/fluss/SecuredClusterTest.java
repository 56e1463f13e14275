package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A cluster that lets in who has a password. */
class SecuredClusterTest {
  private static final String PASSWORD = "hunter-2";

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(LocalFluss.builder().user("pipeline", PASSWORD));

  @TempDir Path directory;

  private FlussCluster cluster(String password) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("fluss.properties"),
            """
            client.security.protocol = sasl
            client.security.sasl.mechanism = plain
            client.security.sasl.username = pipeline
            client.security.sasl.password = %s
            """
                .formatted(password));
    return FlussCluster.at(fluss.bootstrapServers())
        .withExternalProperties(ExternalProperties.at(file.toString()));
  }

  private static String failure(FlussCluster cluster) {
    RuntimeException e =
        assertThrows(RuntimeException.class, () -> cluster.describe("nothing.at_all"));
    StringWriter all = new StringWriter();
    e.printStackTrace(new PrintWriter(all));
    assertThat(all.toString(), not(containsString(PASSWORD)));
    return e.getMessage();
  }

  @Test
  void thePasswordOpensIt() throws Exception {
    assertThat(failure(cluster(PASSWORD)), containsString("Table nothing.at_all does not exist"));
  }

  @Test
  void aWrongPasswordIsCalledSo() throws Exception {
    assertThat(failure(cluster("guessed")), containsString("Invalid username or password"));
    assertThat(
        failure(cluster("guessed")), containsString("fluss.properties did not let this client in"));
  }

  @Test
  void whoSaysNothingIsToldWhatIsMissing() {
    assertThat(
        failure(FlussCluster.at(fluss.bootstrapServers())),
        containsString("did not let this client in"));
  }
}
