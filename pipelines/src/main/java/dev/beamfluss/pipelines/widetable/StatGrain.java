package dev.beamfluss.pipelines.widetable;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Of what a wide table has a row for each hour. */
public enum StatGrain {
  /** A product. */
  PRODUCT,
  /** A shop, over all of its products. */
  SHOP;

  /** The name on command lines. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The wide table. */
  public String table() {
    return id() + "_stat_wide";
  }

  /** The column that tells the products or shops apart. */
  public String idColumn() {
    return id() + "_id";
  }

  /** The primary key of the wide table. */
  public List<String> key() {
    return List.of(idColumn(), WideTableTables.DATE, WideTableTables.HOUR);
  }

  /** The table of the users of a stream as bitmaps. */
  public String usersTable(BehaviorStream stream) {
    return id() + "_" + stream.usersColumn() + "_agg";
  }

  /**
   * The grain with this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public static StatGrain of(String id) {
    return Arrays.stream(values())
        .filter(grain -> grain.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        "There is no grain '%s'; there are %s.",
                        id, Arrays.stream(values()).map(StatGrain::id).toList())));
  }
}
