package dev.beamfluss.benchmarks;

import dev.beamfluss.local.LocalFluss;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * How soon an order is in the day's forecast, in the cluster and in the lake; one cluster with one
 * tablet server and its tiering in this JVM. {@code docs/benchmarks.md} says what each entry means.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class ForecastSuite implements Suite {
  /** Does not hold back what is written. */
  private static final Map<String, String> QUICK = Map.of("client.writer.batch-timeout", "5ms");

  @Override
  public String name() {
    return "forecast";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    try (LocalFluss fluss = LocalFluss.builder().tiering().start();
        Connection quick = Clients.connect(fluss, QUICK)) {
      return new ForecastLatency(fluss, quick).measure(options.getLatencySeconds());
    }
  }
}
