package dev.beamfluss.benchmarks;

import dev.beamfluss.transforms.BitmapType;
import java.util.Collection;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** What bitmaps of 32 and of 64 bits take, measured by JMH in a JVM of its own. */
final class UvBitmaps {
  private static final int WARM_UPS = 3;

  private final int users;
  private final int rounds;
  private final TimeValue time;

  /**
   * @param rounds that count, of so many milliseconds at least
   */
  UvBitmaps(int users, int rounds, long millis) {
    this.users = users;
    this.rounds = rounds;
    this.time = TimeValue.milliseconds(millis);
  }

  /** Nanoseconds to add one user. */
  double measure(BitmapType type) throws RunnerException {
    // it guards against others who measure at the same time, and fails: that others may is known
    System.setProperty("jmh.ignoreLock", "true");
    Options options =
        new OptionsBuilder()
            .include("\\b" + BitmapAdds.class.getSimpleName() + "\\.")
            .param("users", Integer.toString(users))
            .param("type", type.name())
            .forks(1)
            .jvmArgs("-Xms1g", "-Xmx1g")
            .warmupIterations(WARM_UPS)
            .warmupTime(time)
            .measurementIterations(rounds)
            .measurementTime(time)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .build();
    Collection<RunResult> results = new Runner(options).run();
    return results.iterator().next().getPrimaryResult().getScore() / users;
  }

  /** What a bitmap of the type takes of a table, and of the network. */
  Map<String, Object> figures(BitmapType type) {
    return Map.of("bytes_per_user", BitmapAdds.bytes(type, users) / (double) users);
  }

  /** Bytes of 32 bits divided by those of 64. */
  double ratioOfBytes() {
    return BitmapAdds.bytes(BitmapType.RBM32, users)
        / (double) BitmapAdds.bytes(BitmapType.RBM64, users);
  }
}
