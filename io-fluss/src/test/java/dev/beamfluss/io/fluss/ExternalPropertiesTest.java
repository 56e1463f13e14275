package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExternalPropertiesTest {
  private static final String SECRET = "hunter-2";

  @TempDir Path directory;

  private FlussCluster cluster(String text) throws Exception {
    Path file = Files.writeString(directory.resolve("fluss.properties"), text);
    return FlussCluster.at("localhost:1")
        .withExternalProperties(ExternalProperties.at(file.toString()));
  }

  @Test
  void thePipelineHasThePlaceAlone() throws Exception {
    FlussCluster cluster =
        cluster("# of us\nclient.security.sasl.password = " + SECRET + "\nclient.x: 1\n")
            .withProperty("client.x", "2");
    assertThat(
        cluster.resolvedProperties(),
        is(Map.of("client.security.sasl.password", SECRET, "client.x", "2")));
    assertThat(cluster.properties(), is(Map.of("client.x", "2")));
    assertThat(
        cluster.toString(), allOf(containsString("fluss.properties"), not(containsString(SECRET))));
    byte[] serialized = SerializableUtils.serializeToByteArray(cluster);
    assertThat(
        new String(serialized, java.nio.charset.StandardCharsets.ISO_8859_1),
        not(containsString(SECRET)));
    FlussCluster copy =
        (FlussCluster) SerializableUtils.deserializeFromByteArray(serialized, "a cluster");
    assertThat(copy, is(cluster));
    assertThat(copy, is(not(FlussCluster.at("localhost:1").withProperty("client.x", "2"))));
  }

  @Test
  void aFileThatChangesIsReadAgain() throws Exception {
    FlussCluster cluster = cluster("client.x = 1");
    var unused = cluster("client.x = 2");
    assertThat(cluster.resolvedProperties(), is(Map.of("client.x", "2")));
  }

  @Test
  void anEnvironmentVariableHasTheText() {
    // one that is set wherever this runs
    assertThat(
        ExternalProperties.at("env:PATH").read().size(),
        is(System.getenv("PATH").isBlank() ? 0 : 1));
    assertSaid(
        () -> ExternalProperties.at("env:BEAM_FLUSS_NOT_SET").read(),
        "environment variable BEAM_FLUSS_NOT_SET is not set on this machine");
  }

  @Test
  void wrongPlacesAndTextsAreToldWithoutTheirValues() {
    assertSaid(() -> ExternalProperties.at(" "), "names no place");
    assertSaid(() -> ExternalProperties.at("env:"), "names no place");
    assertSaid(
        () -> ExternalProperties.at(directory.resolve("none").toString()).read(),
        "none cannot be read (NoSuchFileException) on this machine");
    assertSaid(() -> cluster(SECRET + "\\u00g").resolvedProperties(), "no Java properties file");
    assertSaid(
        () -> cluster("security.password = " + SECRET).resolvedProperties(),
        "'security.password' in the file");
    assertSaid(
        () -> cluster("bootstrap.servers = " + SECRET).resolvedProperties(), "FlussCluster.at");
  }

  private interface Attempt {
    Object get() throws Exception;
  }

  private static void assertSaid(Attempt attempt, String part) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> System.out.println(attempt.get()));
    assertThat(e.getMessage(), allOf(containsString(part), not(containsString(SECRET))));
    assertThat(String.valueOf(e.getCause()), not(containsString(SECRET)));
  }
}
