package dev.beamfluss.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Where Flink puts the checkpoints of each scenario's job, and how large the latest are. */
final class Checkpoints {
  private static final String PATH = "--stateBackendStoragePath=";

  private final @Nullable Path directory;

  private Checkpoints(@Nullable Path directory) {
    this.directory = directory;
  }

  /** Of a runner that has none. */
  static Checkpoints none() {
    return new Checkpoints(null);
  }

  /** In a directory for each scenario. */
  static Checkpoints in(Path directory) {
    return new Checkpoints(directory);
  }

  /** Flags of a scenario's job that have its checkpoints there, whatever they said before. */
  String[] flags(String scenario, String[] flags) {
    if (directory == null) {
      return flags.clone();
    }
    return Stream.concat(
            Arrays.stream(flags).filter(flag -> !flag.startsWith(PATH)),
            Stream.of(PATH + directory.resolve(scenario).toUri()))
        .toArray(String[]::new);
  }

  /** The bytes of the files of the latest one, or -1 if there is none yet. */
  long latestBytes(String scenario) {
    if (directory == null || !Files.isDirectory(directory.resolve(scenario))) {
      return -1;
    }
    try (Stream<Path> jobs = Files.list(directory.resolve(scenario))) {
      long bytes = -1;
      for (Path job : jobs.toList()) {
        bytes = Math.max(bytes, latestOfJob(job));
      }
      return bytes;
    } catch (IOException | UncheckedIOException e) {
      // one has just been deleted for a newer one
      return -1;
    }
  }

  private static long latestOfJob(Path job) throws IOException {
    try (Stream<Path> entries = Files.list(job)) {
      List<Path> complete =
          entries.filter(entry -> Files.exists(entry.resolve("_metadata"))).toList();
      Path latest = null;
      long number = -1;
      for (Path checkpoint : complete) {
        long its = Long.parseLong(checkpoint.getFileName().toString().replaceAll("\\D", ""));
        if (its > number) {
          number = its;
          latest = checkpoint;
        }
      }
      return latest == null ? -1 : size(latest);
    }
  }

  private static long size(Path checkpoint) throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.walk(checkpoint)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }
}
