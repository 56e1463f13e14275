package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import dev.beamfluss.local.FlussExtension;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.apache.beam.sdk.Pipeline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads of a lake where a jar of those that it takes is missing. */
class LakePlugInTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @ParameterizedTest
  @ValueSource(strings = {"fluss-lake-paimon", "paimon-bundle"})
  void aMissingJarIsNamedWhenThePipelineIsBuilt(String jar) throws Exception {
    String path = lakeOrders();
    assertThat(
        attempt(path, jar),
        allOf(
            startsWith("The lake of table " + path + " is in the format paimon, which nothing on"),
            containsString(
                "Add fluss-lake-paimon, paimon-bundle, hadoop-client-api and"
                    + " hadoop-client-runtime.")));
  }

  @Test
  void noneIsMissingHere() throws Exception {
    assertThat(attempt(lakeOrders(), "no-such-jar"), equalTo(""));
  }

  private static String lakeOrders() {
    return TestTables.create(fluss, "orders", LakeTables.lake(TestTables.ordersDescriptor(1)));
  }

  /** What building the pipeline fails with on this JVM's class path without a jar. */
  private static String attempt(String table, String jar) throws Exception {
    URL[] classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(jar + "-"))
            .map(LakePlugInTest::url)
            .toArray(URL[]::new);
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(classPath, ClassLoader.getPlatformClassLoader())) {
      Thread.currentThread().setContextClassLoader(loader);
      @SuppressWarnings("unchecked") // the class below, as that loader has it
      Callable<String> attempt =
          (Callable<String>)
              loader
                  .loadClass(Attempt.class.getName())
                  .getConstructor(String.class, String.class)
                  .newInstance(fluss.bootstrapServers(), table);
      return attempt.call();
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static URL url(String file) {
    try {
      return Path.of(file).toUri().toURL();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs among classes of another loader than the test's. */
  public static final class Attempt implements Callable<String> {
    private final String bootstrapServers;
    private final String table;

    public Attempt(String bootstrapServers, String table) {
      this.bootstrapServers = bootstrapServers;
      this.table = table;
    }

    @Override
    public String call() {
      try {
        Pipeline.create()
            .apply(
                FlussIO.readContents()
                    .from(FlussCluster.at(bootstrapServers), table)
                    .withAllColumns()
                    .withLake());
        return "";
      } catch (IllegalArgumentException e) {
        return e.getMessage();
      }
    }
  }
}
