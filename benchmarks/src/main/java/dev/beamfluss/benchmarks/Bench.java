package dev.beamfluss.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Runs a suite of measurements, prints them as a table and writes them as JSON; the flags are
 * {@link BenchOptions}.
 *
 * <pre>{@code
 * ./run bench --suite=read --json=read.json
 * }</pre>
 *
 * <p>The JSON is an array of objects with {@code name, ours, raw, native, ratio_raw, ratio_native,
 * unit} and more that depends on the suite. A wrong flag ends the program with status 2, a failed
 * measurement with status 1.
 */
public final class Bench {
  private static final List<Suite> SUITES =
      List.of(
          new ReadSuite(),
          new WriteSuite(),
          new LookupSuite(),
          new PaimonSuite(),
          new JoinSuite(),
          new UvSuite(),
          new ColumnsSuite(),
          new CanarySuite(),
          new ForecastSuite(),
          new PageSuite());

  private Bench() {}

  /** Runs the program. */
  public static void main(String[] args) {
    // also on success, as clients and runners leave threads behind
    System.exit(run(args, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    try {
      PipelineOptionsFactory.register(BenchOptions.class);
      BenchOptions options =
          PipelineOptionsFactory.fromArgs(args).withValidation().as(BenchOptions.class);
      List<Suite> suites = suites(options.getSuite());
      if (options.getRows() != null) {
        requirePositive("--rows", options.getRows());
      }
      requirePositive("--rounds", options.getRounds());
      requirePositive("--latencySeconds", options.getLatencySeconds());
      requirePositive("--clients", options.getClients());
      requirePositive("--iterationMillis", options.getIterationMillis());
      List<Entry> entries = new ArrayList<>();
      for (Suite suite : suites) {
        entries.addAll(suite.run(options));
      }
      out.print(table(entries));
      if (options.getJson() != null) {
        write(entries, Path.of(options.getJson()));
      }
      return 0;
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      return 2;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    } catch (Exception e) {
      e.printStackTrace(err);
      return 1;
    }
  }

  private static List<Suite> suites(String names) {
    return Arrays.stream(names.split(",", -1))
        .map(String::strip)
        .distinct()
        .map(Bench::suite)
        .toList();
  }

  private static Suite suite(String name) {
    return SUITES.stream()
        .filter(suite -> suite.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        "There is no suite '%s'. The suites are: %s.",
                        name, SUITES.stream().map(Suite::name).collect(Collectors.joining(", ")))));
  }

  private static void requirePositive(String flag, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(flag + " must be at least 1, was " + value);
    }
  }

  private static String table(List<Entry> entries) {
    StringBuilder table = new StringBuilder();
    String line = "%-34s %12s %12s %12s %6s %8s  %-7s %s%n";
    table.append(
        String.format(
            Locale.ROOT, line, "name", "ours", "raw", "native", "/raw", "/native", "unit", "more"));
    for (Entry entry : entries) {
      table.append(
          String.format(
              Locale.ROOT,
              line,
              entry.name(),
              format(entry.unit().equals("rows/s") ? "%,.0f" : "%,.1f", entry.ours()),
              format("%,.0f", entry.raw()),
              format("%,.0f", entry.nativeEngine()),
              format("%.2f", entry.ratioToRaw()),
              format("%.2f", entry.ratioToNative()),
              entry.unit(),
              more(entry)));
    }
    return table.toString();
  }

  /** The extras that are results: other ratios, and percentiles. */
  private static String more(Entry entry) {
    List<String> results = new ArrayList<>();
    entry
        .extras()
        .forEach(
            (name, value) -> {
              if (value instanceof Double result) {
                results.add(String.format(Locale.ROOT, "%s %.3g", name, result));
              }
            });
    return String.join(", ", results);
  }

  private static String format(String format, @Nullable Double value) {
    return value == null ? "-" : String.format(Locale.ROOT, format, value);
  }

  private static void write(List<Entry> entries, Path file) throws IOException {
    if (file.toAbsolutePath().getParent() != null) {
      Files.createDirectories(file.toAbsolutePath().getParent());
    }
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(file.toFile(), entries.stream().map(Entry::toMap).toList());
  }
}
