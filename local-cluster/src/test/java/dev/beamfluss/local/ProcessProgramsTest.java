package dev.beamfluss.local;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the programs that start processes say of what they cannot do, and what becomes of those. */
class ProcessProgramsTest {
  private static final Path CONFIGS = Path.of("..", "runner-configs");

  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private interface Program {
    int run(String[] args, PrintStream out, PrintStream err);
  }

  private int run(Program program, String... args) {
    return program.run(
        args,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private String errors() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({
    "start --slots=0, --slots=0: expected a whole number",
    "start --port=65536, --port=65536: expected a whole number",
    "start --taskmanagers, Unknown: --taskmanagers",
    "start stop, Unknown: stop",
    "start --zookeeper=9122, '--zookeeper=9122: expected HOST:PORT,...'",
    "--slots=2, 'Say one of start, stop, status, repair'",
    "start --directory=, --directory=DIR is missing"
  })
  void theFlinkClusterRefusesWrongFlags(String line, String message) {
    assertThat(run(FlinkClusterMain::run, line.split(" ", -1)), is(2));
    assertThat(errors(), containsString(message));
  }

  @Test
  void theTieringAsksForWhatItNeeds() {
    assertThat(run(TieringMain::run, "--warehouse=" + directory), is(2));
    assertThat(errors(), containsString("--bootstrapServers is missing"));
    assertThat(
        run(
            TieringMain::run,
            "--warehouse=" + directory,
            "--bootstrapServers=localhost:1",
            "--flinkMaster=[local]"),
        is(2));
    assertThat(errors(), containsString("--flinkMaster=[local]: expected HOST:PORT"));
  }

  @Test
  void settingsThatAreMissingAreNamed() {
    assertThat(
        run(
            FlussClusterMain::run,
            "start",
            "--directory=" + directory,
            "--config=" + directory.resolve("missing.yaml")),
        is(2));
    assertThat(errors(), containsString("Cannot read the settings in " + directory));
  }

  @Test
  void aTakenPortIsNamedWithWhatToDo() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(
          run(
              FlussClusterMain::run,
              "start",
              "--directory=" + directory,
              "--port=" + taken.getLocalPort(),
              "--config=" + CONFIGS.resolve("fluss-cluster.yaml")),
          is(1));
      assertThat(
          errors(),
          startsWith(
              "Port "
                  + taken.getLocalPort()
                  + ", for the Fluss cluster, is taken by another process: give other ones with"
                  + " --port=N"));
    }
  }

  @Test
  void aZooKeeperThatDoesNotAnswerIsNamedWithWhatToDo() throws IOException {
    int free = Settings.freePort();
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> Settings.checkTaken("localhost:" + free, "ZooKeeper", "start it first"));
    assertThat(
        e.getMessage(),
        is("Nobody answers at localhost:" + free + ", for ZooKeeper: start it first"));
  }

  @Test
  void whatDoesNotRunIsTold() {
    assertThat(run(FlussClusterMain::run, "status", "--directory=" + directory), is(1));
    assertThat(
        out.toString(StandardCharsets.UTF_8),
        containsString("No Fluss cluster runs in " + directory));
    assertThat(run(FlussClusterMain::run, "stop", "--directory=" + directory), is(0));
  }

  @Test
  void aProcessIsFoundAgainAndKilled() throws IOException {
    ServerProcess process = ServerProcess.named("sleeper", directory);
    process.start(
        System.getProperty("java.class.path"), List.of(), Sleeper.class.getName(), List.of());
    assertThat(ServerProcess.named("sleeper", directory).runs(), is(true));
    assertThat(
        ServerProcess.all(directory).get(0).describe(), startsWith("sleeper runs, process "));
    // an id that has gone to another process
    String ofThisProcess = ProcessHandle.current().pid() + " 2001-01-01T00:00:00Z\n";
    Files.writeString(directory.resolve("other.pid"), ofThisProcess);
    assertThat(ServerProcess.named("other", directory).runs(), is(false));
    process.kill();
    assertThat(process.runs(), is(false));
    assertThat(ServerProcess.all(directory).size(), is(1));
  }

  /** Runs until it is killed. */
  static final class Sleeper {
    private Sleeper() {}

    public static void main(String[] args) throws InterruptedException {
      new java.util.concurrent.CountDownLatch(1).await();
    }
  }

  @Test
  void theSettingsThatAreShippedCanBeRead() {
    for (String name : List.of("flink-cluster.yaml", "fluss-cluster.yaml")) {
      Map<String, String> settings = Settings.read(CONFIGS.resolve(name));
      assertThat(settings.isEmpty(), is(false));
      settings.forEach(
          (key, value) ->
              assertThat(key + value, allOf(containsString("."), is(key + value.strip()))));
    }
  }

  @Test
  void aLineThatIsNoSettingIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("x.yaml"), "# why\na.b: c # d\nrest.port 80\n");
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Settings.read(file));
    assertThat(e.getMessage(), is(file + ", line 3: expected KEY: VALUE, found 'rest.port 80'"));
  }
}
