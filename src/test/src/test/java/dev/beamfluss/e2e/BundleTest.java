package dev.beamfluss.e2e;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;

import dev.beamfluss.io.fluss.FlussReadSchemaTransformProvider;
import dev.beamfluss.pipelines.CreateTables;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.ingest.Ingest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.apache.beam.sdk.io.FileSystemRegistrar;
import org.apache.beam.sdk.options.PipelineOptionsRegistrar;
import org.apache.beam.sdk.runners.PipelineRunnerRegistrar;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is in the bundled jar, and what is not. */
class BundleTest {
  private static final long MEGABYTE = 1_000_000;

  private static JarFile bundle;
  private static List<String> entries;

  @BeforeAll
  static void open() throws IOException {
    bundle = new JarFile(Shipped.bundle().toFile());
    entries = bundle.stream().map(JarEntry::getName).toList();
  }

  @AfterAll
  static void close() throws IOException {
    bundle.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // the cluster's own
        "org/apache/flink/",
        "org/slf4j/",
        "org/rocksdb/",
        "librocksdbjni",
        "com/esotericsoftware/",
        // for tests and the demo
        "dev/beamfluss/local/",
        "dev/beamfluss/demo/",
        "org/apache/fluss/server/",
        "org/apache/fluss/flink/",
        // of the lake, in Flink's lib
        "org/apache/hadoop/",
        "org/apache/paimon/",
        "org/junit/",
        "org/hamcrest/",
        "org/awaitility/",
        // of single jars
        "module-info.class",
        "META-INF/maven/"
      })
  void doesNotHold(String prefix) {
    assertThat(entries.stream().filter(entry -> entry.startsWith(prefix)).toList(), is(empty()));
  }

  @Test
  void hasNoSignatures() {
    assertThat(
        entries.stream().filter(entry -> entry.matches("META-INF/.*\\.(SF|DSA|RSA)")).toList(),
        is(empty()));
  }

  @Test
  void holdsEachEntryOnce() {
    Set<String> seen = new HashSet<>();
    assertThat(entries.stream().filter(entry -> !seen.add(entry)).toList(), is(empty()));
  }

  @Test
  void holdsThePrograms() {
    Stream.of(Attribution.class, CreateTables.class, Ingest.class)
        .forEach(program -> assertThat(entries, hasItem(classFile(program.getName()))));
  }

  @Test
  void servicesAreThoseOfAllJars() throws IOException {
    // without the direct runner, Beam asks for --runner in programs that run no pipeline
    assertThat(
        providers(PipelineRunnerRegistrar.class),
        hasItems(
            "org.apache.beam.runners.flink.FlinkRunnerRegistrar$Runner",
            "org.apache.beam.runners.direct.DirectRegistrar$Runner"));
    assertThat(
        providers(PipelineOptionsRegistrar.class),
        hasItem("org.apache.beam.runners.flink.FlinkRunnerRegistrar$Options"));
    assertThat(
        providers(FileSystemRegistrar.class),
        hasItem("org.apache.beam.sdk.io.LocalFileSystemRegistrar"));
    assertThat(
        providers(SchemaTransformProvider.class),
        hasItems(
            FlussReadSchemaTransformProvider.class.getName(),
            "org.apache.beam.sdk.providers.GenerateSequenceSchemaTransformProvider"));
  }

  @Test
  void holdsThePlugInOfTheLake() throws IOException {
    assertThat(
        providers("org.apache.fluss.lake.lakestorage.LakeStoragePlugin"),
        hasItem("org.apache.fluss.lake.paimon.PaimonLakeStoragePlugin"));
  }

  @Test
  void everyProviderOfAServiceIsThere() throws IOException {
    for (String entry : entries) {
      if (entry.matches("META-INF/services/.+")) {
        String service = entry.substring("META-INF/services/".length());
        for (String provider : providers(service)) {
          assertThat("provider of " + service, entries, hasItem(classFile(provider)));
        }
      }
    }
  }

  @Test
  void isNotLargerThanItNeedsToBe() throws IOException {
    long size = Files.size(Shipped.bundle());
    System.out.printf("The bundled jar has %.1f MB%n", (double) size / MEGABYTE);
    assertThat(size, is(lessThan(110 * MEGABYTE)));
  }

  private static String classFile(String name) {
    return name.replace('.', '/') + ".class";
  }

  private static List<String> providers(Class<?> service) throws IOException {
    return providers(service.getName());
  }

  private static List<String> providers(String service) throws IOException {
    try (InputStream in =
        bundle.getInputStream(bundle.getJarEntry("META-INF/services/" + service))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.replaceFirst("#.*", "").strip())
          .filter(line -> !line.isEmpty())
          .toList();
    }
  }
}
