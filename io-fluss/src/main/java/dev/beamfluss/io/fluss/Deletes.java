package dev.beamfluss.io.fluss;

/** What a write does with a change that deletes a row. */
public enum Deletes {
  /**
   * Deletes the row. A partial update (see {@link FlussIO.Write#withColumns}) sets its own columns
   * to null, and the row goes once all that is not its key is null.
   */
  APPLY,

  /** Leaves the row as it is. */
  IGNORE,

  /** Takes it for a row that can never be written: it goes to the error handler. */
  REFUSE
}
