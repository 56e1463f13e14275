package dev.beamfluss.local;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the program in a JVM of its own, as its user does. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LocalFlussMainTest {

  @TempDir Path scratch;

  @Test
  void printsItsAddressAndEndsWhenTold() throws Exception {
    Path errors = scratch.resolve("stderr");
    Process process =
        run(
            errors,
            "--directory=" + scratch.resolve("data"),
            "--warehouse=" + scratch.resolve("lake"));
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      assertThat(out.readLine(), matchesPattern("bootstrap\\.servers=localhost:\\d+"));
      long start = System.nanoTime();
      process.destroy();
      assertThat("ended", process.waitFor(20, TimeUnit.SECONDS), is(true));
      System.out.printf(
          "LocalFlussMain ended after %d ms%n", (System.nanoTime() - start) / 1_000_000);
    } finally {
      process.destroyForcibly();
    }
    // What is logged proves that Fluss's own slf4j classes did not win.
    assertThat(Files.readString(errors), containsString("INFO org.apache.fluss.server"));
  }

  @Test
  void startsAgainAfterACrash() throws Exception {
    Path errors = scratch.resolve("stderr");
    String[] flags = {"--directory=" + scratch.resolve("data"), "--tablet-servers=2"};
    for (String start : List.of("first start", "start after a crash")) {
      long began = System.nanoTime();
      Process process = run(errors, flags);
      try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
        assertThat(start, out.readLine(), startsWith("bootstrap.servers="));
        System.out.printf(
            "LocalFlussMain %s: %d ms%n", start, (System.nanoTime() - began) / 1_000_000);
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  void endsWithAClearErrorForAnUnknownFlag() throws Exception {
    Path errors = scratch.resolve("stderr");
    Process process = run(errors, "--tablets=3");
    assertThat("ended", process.waitFor(20, TimeUnit.SECONDS), is(true));
    assertThat(process.exitValue(), is(2));
    assertThat(
        Files.readString(errors).strip(),
        is(
            "Unknown flag --tablets=3; there are --tablet-servers=N, --directory=DIR and"
                + " --warehouse=DIR"));
  }

  @ParameterizedTest
  @CsvSource({
    "--tablet-servers=0, whole number of at least 1",
    "--tablet-servers=three, whole number of at least 1",
    "--tablet-servers, whole number of at least 1",
    "--directory=, expected a directory",
    "--warehouse, expected a directory",
    "demo, Unknown flag demo"
  })
  void refusesWrongFlags(String flag, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> LocalFlussMain.parse(flag));
    assertThat(e.getMessage(), containsString(flag));
    assertThat(e.getMessage(), containsString(message));
  }

  private static Process run(Path errors, String... args) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
                "-cp",
                System.getProperty("java.class.path"),
                LocalFlussMain.class.getName()));
    command.addAll(List.of(args));
    return new ProcessBuilder(command).redirectError(errors.toFile()).start();
  }
}
