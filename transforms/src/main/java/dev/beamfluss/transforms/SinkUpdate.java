package dev.beamfluss.transforms;

/** How a join finds the rows of its sink that are to go. */
enum SinkUpdate {
  /**
   * The key of one side's row decides its row in the sink, so each changed row of that side is
   * upserted or deleted by it, whatever the sink holds.
   */
  BY_KEY_OF_SIDE,
  /** The sink is looked up by the join columns, and what differs is written. */
  BY_LOOKUP,
  /** An index table tells the sink's keys of the join columns. */
  BY_INDEX
}
