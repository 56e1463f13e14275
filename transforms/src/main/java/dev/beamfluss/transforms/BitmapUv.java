package dev.beamfluss.transforms;

/**
 * Counts distinct ids exactly, by bitmaps that the tablet servers merge: option A of the
 * reference's scenario 5. Two steps, in one pipeline or two:
 *
 * <pre>{@code
 * IdShards shards = IdShards.of(16, BitmapType.RBM32);
 * events                                     // user_id, ds, hh, mm
 *     .apply(IdMapping.in(cluster, "uv.user_mapping_table"))
 *     .apply(BitmapUv.collect().ofIds("uid_int64").by("ds", "hh", "mm")
 *         .withShards(shards, "shard_id").into("uv_bitmap"))
 *     .apply(FlussIO.write().to(cluster, "uv.ads_uv_agg"));
 *
 * pipeline.apply(BitmapUv.count()
 *     .in(cluster, "uv.ads_uv_agg").withShards(shards, "shard_id")
 *     .counting("uv_bitmap", "uv")
 *     .to(cluster, "uv.uv_by_minute"));
 * }</pre>
 *
 * <p>A union is the same however often and in whatever order its parts come: replays, failures and
 * parallel workers change nothing of the result.
 */
public final class BitmapUv {
  private BitmapUv() {}

  /** Makes bitmaps of the ids of rows, for a table that merges them. */
  public static CollectBitmaps collect() {
    return CollectBitmaps.create();
  }

  /** Keeps the cardinalities of the bitmaps of such a table in another. */
  public static CountBitmaps count() {
    return CountBitmaps.create();
  }
}
