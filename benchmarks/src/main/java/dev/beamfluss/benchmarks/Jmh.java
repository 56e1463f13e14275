package dev.beamfluss.benchmarks;

import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Measures single methods by JMH, each in a JVM of its own. */
final class Jmh {
  private static final int ITERATIONS = 3;

  private final TimeValue time;

  /**
   * @param millis that an iteration takes at least
   */
  Jmh(long millis) {
    this.time = TimeValue.milliseconds(millis);
  }

  /** Iterations that warm up, and as many that count. */
  RunResult run(Class<?> of, String method, Map<String, String> params) throws RunnerException {
    // it guards against others who measure at the same time, and fails: that others may is known
    System.setProperty("jmh.ignoreLock", "true");
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("\\b" + of.getSimpleName() + "\\." + method + "$")
            .forks(1)
            .jvmArgs("-Xms1g", "-Xmx1g")
            .warmupIterations(ITERATIONS)
            .warmupTime(time)
            .measurementIterations(ITERATIONS)
            .measurementTime(time)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    params.forEach(options::param);
    return new Runner(options.build()).runSingle();
  }

  /** What a call takes, in the unit of the method. */
  static double time(RunResult result) {
    return result.getPrimaryResult().getScore();
  }

  /** The bytes of heap that a call allocates. */
  static double allocated(RunResult result) {
    return result.getSecondaryResults().get("gc.alloc.rate.norm").getScore();
  }
}
