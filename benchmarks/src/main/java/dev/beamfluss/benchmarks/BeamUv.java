package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.LookupCache;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.transforms.BitmapUv;
import dev.beamfluss.transforms.IdMapping;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/** Ours: bitmaps that the tablet servers unite, and counts of them, in one job. */
final class BeamUv implements UvJob.Way {
  /** As the pipeline of distinct users does by default. */
  private static final Duration GATHER = Duration.ofMillis(100);

  private final FlussCluster cluster;

  BeamUv(FlussCluster cluster) {
    this.cluster = cluster;
  }

  /** {@link IdMapping} with room for all users. */
  static IdMapping mapping(FlussCluster cluster, UvTables tables) {
    return IdMapping.in(cluster, tables.mapping().toString())
        .withCache(LookupCache.ofMaxRows(tables.users()));
  }

  @Override
  public void count(PCollection<Row> events, UvTables tables, UvCounts counts, Position from) {
    PCollection<Row> users = events.apply("map", mapping(cluster, tables));
    for (List<String> by : List.of(UvTables.MINUTE, UvTables.DAY)) {
      String bitmaps = tables.bitmaps(by).toString();
      String step = by.get(by.size() - 1);
      users
          .apply(
              "collect by " + step,
              BitmapUv.collect()
                  .ofIds(UvTables.NUMBER)
                  .by(by.toArray(String[]::new))
                  .withShards(UvTables.SHARDS, UvTables.SHARD)
                  .into(UvTables.BITMAP)
                  .withGatherInterval(GATHER))
          .apply("write by " + step, FlussIO.write().to(cluster, bitmaps));
      users
          .getPipeline()
          .apply(
              "count by " + step,
              BitmapUv.count()
                  .in(cluster, bitmaps)
                  .withShards(UvTables.SHARDS, UvTables.SHARD)
                  .counting(UvTables.BITMAP, UvTables.COUNT)
                  .to(cluster, counts.table(by).toString())
                  .withStartingPosition(from));
    }
  }

  @Override
  public Map<String, String> settings() {
    return Map.of();
  }
}
