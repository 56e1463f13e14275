package dev.beamfluss.pipelines.ingest;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;

/**
 * Writes events as an {@link EventLog}, one line each, in the order given; line numbers are not
 * written. The file is complete only after {@link #close()}. Not thread-safe.
 */
public final class EventLogWriter implements Closeable {

  private final BufferedWriter lines;

  EventLogWriter(BufferedWriter lines) throws IOException {
    this.lines = lines;
    line(EventColumns.header());
  }

  /**
   * Writes one event.
   *
   * @throws IOException if the file cannot be written
   * @throws IllegalArgumentException if a text of the event contains a line break
   */
  public void write(Event event) throws IOException {
    line(EventColumns.format(event));
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  // Not newLine(): the file is the same wherever it is written.
  private void line(String text) throws IOException {
    lines.write(text);
    lines.write('\n');
  }
}
