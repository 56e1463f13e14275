package dev.beamfluss.benchmarks;

import org.apache.beam.runners.flink.FlinkPipelineOptions;

/** When Flink ends a bundle, at the end of which writes and lookups wait for their answers. */
record Bundles(long maxSize, long maxMillis) {
  void set(FlinkPipelineOptions options) {
    options.setMaxBundleSize(maxSize);
    options.setMaxBundleTimeMills(maxMillis);
  }
}
