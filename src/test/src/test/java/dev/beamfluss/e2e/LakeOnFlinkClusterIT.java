package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.local.TieringMain;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The tiering service, and a read {@code withLake()} from the bundled jar, on a Flink cluster of
 * separate processes that has Paimon and Hadoop on its class path, as docs/operations.md has it;
 * and the read without them.
 */
@SuppressWarnings("try") // Connection.close() may throw InterruptedException, which fails the test
class LakeOnFlinkClusterIT {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder().warehouse());

  /** Kept, to be read after a failure. */
  private static final Path LOGS = Path.of("target", "flink-processes-lake");

  @TempDir Path directory;

  @Test
  void theBundleReadsTheLakeWithPaimonAndHadoopOnTheClassPath() throws Exception {
    TablePath path = TablePath.of(fluss.newDatabase(), "orders");
    Set<String> expected;
    String flinkAndLake = Shipped.flinkClassPath() + File.pathSeparator + Shipped.lakeClassPath();
    FlinkProcesses flink =
        Shipped.flinkProcesses(LOGS, directory.resolve("flink"), 2, flinkAndLake);
    try {
      flink.startTaskManager();
      expected = writeToTheLakeAndTheLog(path, new FlinkRest(flink.port()));
      read(path, flink.address(), flinkAndLake);
    } finally {
      flink.stop();
    }
    Set<String> rows = new TreeSet<>();
    try (Stream<Path> files = Files.list(directory.resolve("out"))) {
      for (Path file : files.toList()) {
        rows.addAll(Files.readAllLines(file));
      }
    }
    assertThat(rows, equalTo(expected));

    String withoutHadoop =
        Arrays.stream(flinkAndLake.split(File.pathSeparator))
            .filter(jar -> !jar.contains("hadoop-client-"))
            .collect(Collectors.joining(File.pathSeparator));
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> read(path, "localhost:1", withoutHadoop));
    assertThat(
        e.getMessage(),
        allOf(
            containsString("The lake of table " + path + " is in the format paimon"),
            containsString(
                "Add fluss-lake-paimon, paimon-bundle, hadoop-client-api and"
                    + " hadoop-client-runtime.")));
  }

  /** The rows that remain; the tiering service is over then. */
  private static Set<String> writeToTheLakeAndTheLog(TablePath path, FlinkRest flink)
      throws Exception {
    var unused =
        TieringMain.submit(
            flink.address(), fluss.bootstrapServers(), fluss.cluster().warehouse().orElseThrow());
    Set<String> expected = new TreeSet<>();
    Configuration configuration = new Configuration();
    configuration.setString(ConfigOptions.BOOTSTRAP_SERVERS.key(), fluss.bootstrapServers());
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      createLakeTable(connection, path);
      try (Table table = connection.getTable(path)) {
        UpsertWriter writer = table.newUpsert().createWriter();
        for (int id = 0; id < 100; id++) {
          upsert(writer, id, "old");
        }
        writer.flush();
        await()
            .atMost(Duration.ofSeconds(90))
            .until(
                () ->
                    LakeLag.of(FlussCluster.at(fluss.bootstrapServers()), path.toString()).stream()
                        .allMatch(lag -> lag.untieredRows() == 0));
        flink.runningJobs().forEach(FlinkRest.Job::cancel);
        for (int id = 0; id < 20; id++) {
          upsert(writer, id, "new");
        }
        writer.delete(GenericRow.of(99, null)).get(60, TimeUnit.SECONDS);
        writer.flush();
      }
    }
    for (int id = 0; id < 99; id++) {
      expected.add(List.of(id, id < 20 ? "new" : "old").toString());
    }
    return expected;
  }

  private static void upsert(UpsertWriter writer, int id, String name) {
    var unused = writer.upsert(GenericRow.of(id, BinaryString.fromString(name)));
  }

  private static void createLakeTable(Connection connection, TablePath path) throws Exception {
    try (Admin admin = connection.getAdmin()) {
      admin
          .createTable(
              path,
              TableDescriptor.builder()
                  .schema(
                      Schema.newBuilder()
                          .column("id", DataTypes.INT())
                          .column("name", DataTypes.STRING())
                          .primaryKey("id")
                          .build())
                  .distributedBy(2, "id")
                  .property("table.datalake.enabled", "true")
                  .property("table.datalake.freshness", "1s")
                  .build(),
              false)
          .get(60, TimeUnit.SECONDS);
    }
  }

  /** Runs the program in a process of its own, to its end. */
  private void read(TablePath path, String flink, String classPath)
      throws IOException, InterruptedException {
    Path program = programJar();
    List<String> flags = new ArrayList<>();
    flags.add("--runner=FlinkRunner");
    flags.add("--flinkMaster=" + flink);
    flags.add("--filesToStage=" + Shipped.bundle() + "," + program);
    flags.add("--parallelism=2");
    flags.add("--bootstrapServers=" + fluss.bootstrapServers());
    flags.add("--table=" + path);
    flags.add("--output=" + directory.resolve("out"));
    try (JavaProcess process =
        JavaProcess.start(
            ReadsLake.class.getSimpleName(),
            LOGS,
            String.join(
                File.pathSeparator, program.toString(), Shipped.bundle().toString(), classPath),
            Shipped.SUBMITTER_JVM_FLAGS,
            ReadsLake.class.getName(),
            flags)) {
      process.awaitSuccess();
    }
  }

  private Path programJar() throws IOException {
    Path jar = directory.resolve("reads-lake.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file)) {
      for (Class<?> part :
          List.of(ReadsLake.class, ReadsLake.Options.class, ReadsLake.ToFiles.class)) {
        String entry = part.getName().replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(entry));
        try (InputStream code = part.getClassLoader().getResourceAsStream(entry)) {
          code.transferTo(out);
        }
      }
    }
    return jar;
  }
}
