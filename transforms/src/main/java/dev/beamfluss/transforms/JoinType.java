package dev.beamfluss.transforms;

/** Which rows without a match a join keeps. */
public enum JoinType {
  /** None. */
  INNER(false, false),
  /** Those of the left side, or of all sides before. */
  LEFT(true, false),
  /** Those of the right side, or of the side that is joined. */
  RIGHT(false, true),
  /** All. */
  FULL(true, true);

  private final boolean keepsLeft;
  private final boolean keepsRight;

  JoinType(boolean keepsLeft, boolean keepsRight) {
    this.keepsLeft = keepsLeft;
    this.keepsRight = keepsRight;
  }

  boolean keepsLeft() {
    return keepsLeft;
  }

  boolean keepsRight() {
    return keepsRight;
  }
}
