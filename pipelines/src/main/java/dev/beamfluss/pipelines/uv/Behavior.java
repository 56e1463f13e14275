package dev.beamfluss.pipelines.uv;

import java.util.Arrays;
import java.util.List;

/** What users do, in the order of the funnel; each has a log of its own. */
public enum Behavior {
  /** Something was shown to the user. */
  EXPOSURE("exp", "uv_bitmap"),
  /** The user came. */
  VISIT("page", "page_bitmap"),
  /** The user went on to something that was shown. */
  CLICK("click", "click_bitmap"),
  /** The user ordered. */
  ORDER("ord", "ord_bitmap");

  private final String id;
  private final String bitmapColumn;

  Behavior(String id, String bitmapColumn) {
    this.id = id;
    this.bitmapColumn = bitmapColumn;
  }

  /** What it is called in tables. */
  public String id() {
    return id;
  }

  /** The table of what happened: {@code log_exp_ri}, as in the reference, and so on. */
  public String log() {
    return "log_" + id + "_ri";
  }

  /** The column of its users in tables of bitmaps; the reference has that of exposures alone. */
  public String bitmapColumn() {
    return bitmapColumn;
  }

  /** The column of the number of its users in tables of counts. */
  public String countColumn() {
    return id + "_uv";
  }

  /**
   * Users who did all of several things.
   *
   * @param countColumn their number in tables of counts
   */
  record Overlap(String countColumn, List<Behavior> behaviors) {}

  /** The overlaps that are counted: each step of the funnel, visitors who order, and all steps. */
  static List<Overlap> overlaps() {
    return List.of(
        overlap(EXPOSURE, VISIT),
        overlap(VISIT, CLICK),
        overlap(CLICK, ORDER),
        overlap(VISIT, ORDER),
        new Overlap("funnel_uv", Arrays.asList(values())));
  }

  private static Overlap overlap(Behavior one, Behavior other) {
    return new Overlap(one.id + "_" + other.id + "_uv", List.of(one, other));
  }
}
