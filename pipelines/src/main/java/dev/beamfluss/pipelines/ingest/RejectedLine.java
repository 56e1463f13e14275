package dev.beamfluss.pipelines.ingest;

/**
 * A row that could not be used, kept so that somebody can look at it.
 *
 * @param line 1-based line number in the file, or the event's running number
 * @param reason what is wrong with it, for people
 * @param raw the row's text, in full
 */
public record RejectedLine(long line, String reason, String raw) {

  /** Line number, reason and text with tabs between them, as the error output has it. */
  public String toTabSeparated() {
    return line + "\t" + reason + "\t" + raw;
  }
}
