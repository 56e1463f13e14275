package dev.beamfluss.transforms;

/**
 * Counts distinct ids exactly, by bitmaps of dense numbers: scenario 5 of the reference. With
 * option A the tablet servers merge the bitmaps, in two steps, in one pipeline or two:
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
 * <p>With option B the ids go into a table as they are, and are counted in batch, by any of the
 * columns that the table has:
 *
 * <pre>{@code
 * events.apply(IdMapping.in(cluster, "uv.user_mapping_table"))
 *     .apply(BitmapUv.collect().ofIds("uid_int64").by("ds", "hh", "mm")
 *         .withShards(shards.withIntValues(), "shard_id").intoRows("uid_int32"))
 *     .apply(FlussIO.write().to(cluster, "uv.ads_uv_detail"));
 *
 * rows.apply(BitmapUv.countRows().by("ds").withShards(shards, "shard_id")
 *     .ofValues("uid_int32").counting("", "uv"));
 * }</pre>
 *
 * <p>A union is the same however often and in whatever order its parts come: replays, failures and
 * parallel workers change nothing of the result.
 */
public final class BitmapUv {
  private BitmapUv() {}

  /** Makes bitmaps of the ids of rows, for a table that merges them, or rows to be counted. */
  public static CollectBitmaps collect() {
    return CollectBitmaps.create();
  }

  /** Keeps the cardinalities of the bitmaps of such a table in another. */
  public static CountBitmaps count() {
    return CountBitmaps.create();
  }

  /** Counts ids that are in rows, in batch. */
  public static CountRows countRows() {
    return CountRows.create();
  }
}
