package dev.beamfluss.benchmarks;

import java.time.Duration;
import java.util.List;

/**
 * What it takes to tell the rows of a canary release from the others. {@code docs/benchmarks.md}
 * says what each entry means.
 */
final class CanarySuite implements Suite {
  private static final Duration PAUSE = Duration.ofMillis(300);

  @Override
  public String name() {
    return "canary";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    Rounds rounds = new Rounds(options, PAUSE);
    CanaryKeyValue keyValue = new CanaryKeyValue(new Jmh(options.getIterationMillis()));
    keyValue.add(rounds);
    rounds.requireSome();
    rounds.run();
    Entries entries = new Entries(rounds);
    keyValue.add(entries, rounds);
    return entries.all();
  }
}
