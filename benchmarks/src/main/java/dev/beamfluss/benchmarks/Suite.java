package dev.beamfluss.benchmarks;

import java.util.List;

/** Some measurements that belong together. */
interface Suite {
  /** What {@code --suite} calls it. */
  String name();

  /** Measures; takes minutes. */
  List<Entry> run(BenchOptions options) throws Exception;
}
