package dev.beamfluss.pipelines.ingest;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.Consumer;

/**
 * The events of an open {@link EventLog}, in the order of the file. Not thread-safe.
 *
 * <p>{@link #hasNext()} and {@link #next()} throw {@link UncheckedIOException}, naming file and
 * line, if the file cannot be read on, for instance because its gzip data ends too early.
 */
public final class EventLogReader implements Iterator<Event>, Closeable {

  private final Path file;
  private final BufferedReader lines;
  private final EventColumns columns;
  private final Consumer<RejectedLine> rejected;
  private final LookaheadIterator<Event> events =
      new LookaheadIterator<>() {
        @Override
        Event computeNext() {
          return nextValid();
        }
      };
  // the header was line 1
  private long number = 1;

  EventLogReader(
      Path file, BufferedReader lines, EventColumns columns, Consumer<RejectedLine> rejected) {
    this.file = file;
    this.lines = lines;
    this.columns = columns;
    this.rejected = rejected;
  }

  @Override
  public boolean hasNext() {
    return events.hasNext();
  }

  @Override
  public Event next() {
    return events.next();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  private Event nextValid() {
    String line;
    while ((line = nextLine()) != null) {
      Event event = parse(line);
      if (event != null) {
        return event;
      }
    }
    return null;
  }

  private Event parse(String line) {
    try {
      return columns.parse(number, line);
    } catch (IllegalArgumentException e) {
      rejected.accept(new RejectedLine(number, e.getMessage(), line));
      return null;
    }
  }

  private String nextLine() {
    try {
      String line = lines.readLine();
      number++;
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read after line " + number, e);
    }
  }
}
