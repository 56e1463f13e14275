package dev.beamfluss.e2e;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasEntry;
import static org.hamcrest.Matchers.is;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/metrics.md has every metric that the sources have, of the same kind, and no other. */
class MetricsTableTest {
  private static final Path HOME = Path.of(System.getProperty("beamfluss.home"));
  private static final List<String> MODULES =
      List.of("changes", "io-fluss", "io-paimon", "transforms", "pipelines");

  private static final Pattern MADE =
      Pattern.compile(
          "Metrics\\s*\\.\\s*(counter|distribution|gauge|histogram)\\(\\s*(\\w+)\\.class\\s*,"
              + "\\s*(\"[^\"]*\"|\\w+)");
  private static final Pattern ANY =
      Pattern.compile("Metrics\\s*\\.\\s*(counter|distribution|gauge|histogram)\\(");
  private static final Pattern TOLD =
      Pattern.compile("^\\| `(\\w+)\\.([^`<]*)(<[^`]*)?` \\| (\\w+) \\|", Pattern.MULTILINE);

  /** What stands for names that are not written where the metric is made. */
  private static final Map<String, List<String>> NAMES =
      Map.of(
          "DeltaJoin.name", List.of("leftChanges", "rightChanges", "changesOfSide"),
          // a kind of difference
          "DifferenceReport.line", List.of(""));

  private static Map<String, String> made() throws IOException {
    Map<String, String> made = new TreeMap<>();
    for (String module : MODULES) {
      try (Stream<Path> files = Files.walk(HOME.resolve(module).resolve("src/main/java"))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          String source = Files.readString(file);
          Matcher each = MADE.matcher(source);
          long found = 0;
          while (each.find()) {
            found++;
            for (String name : names(each.group(2), each.group(3))) {
              made.put(each.group(2) + "." + name, each.group(1));
            }
          }
          assertThat(
              file + ": all are of the form Metrics.kind(Some.class, ..)",
              found,
              is(ANY.matcher(source).results().count()));
        }
      }
    }
    return made;
  }

  private static List<String> names(String namespace, String name) {
    if (name.startsWith("\"")) {
      return List.of(name.substring(1, name.length() - 1));
    }
    assertThat("names of " + namespace + " by " + name, NAMES.containsKey(namespace + "." + name));
    return NAMES.get(namespace + "." + name);
  }

  @Test
  void theTableIsThatOfTheSources() throws Exception {
    Map<String, String> told = new TreeMap<>();
    Matcher each = TOLD.matcher(Files.readString(HOME.resolve("docs/metrics.md")));
    while (each.find()) {
      told.put(each.group(1) + "." + each.group(2), each.group(4));
    }
    Map<String, String> made = made();
    assertThat(made.size(), is(greaterThan(50)));
    assertThat(made, hasEntry("FlussIO.lagMillis-", "gauge"));
    assertThat(told, is(made));
  }
}
