package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * A shop's event log in a file: UTF-8 CSV with a header, plain or gzip, which is seen from its
 * first bytes and not from its name.
 *
 * <p>Columns are found by name. Mandatory: {@code ts_ms}, {@code user_id}, {@code event} (view,
 * cart, order or cancel), {@code item_id}, {@code order_id}, {@code price}, {@code category}.
 * Optional: {@code quantity} (where missing or empty: 1, on cancels -1) and {@code country} (where
 * missing: empty). Others are ignored. Quotes follow RFC 4180, but a record is always one line.
 *
 * <pre>{@code
 * try (EventLogReader events = EventLog.at(path).open(rejected)) {
 *   events.forEachRemaining(event -> rules.accept(event, sink));
 * }
 * }</pre>
 *
 * <p>A log can be opened any number of times, which two-pass helpers such as {@link EventTime} and
 * {@link SyntheticVisits} need.
 */
public final class EventLog {

  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path file;

  private EventLog(Path file) {
    this.file = requireNonNull(file, "file");
  }

  /** The log in this file, which is not touched before it is opened. */
  public static EventLog at(Path file) {
    return new EventLog(file);
  }

  /**
   * Opens the file at its first event. Events are read one at a time.
   *
   * @param rejected told about each malformed line, in the order of the file; reading goes on
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it has no header or the header lacks a mandatory column
   */
  public EventLogReader open(Consumer<RejectedLine> rejected) throws IOException {
    requireNonNull(rejected, "rejected");
    InputStream raw = Files.newInputStream(file);
    try {
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(unzipped(raw), StandardCharsets.UTF_8), BUFFER_BYTES);
      return new EventLogReader(file, lines, header(lines), rejected);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  /**
   * Starts the file anew with all nine columns, as gzip if its name ends in {@code .gz}.
   *
   * @throws IOException if the file cannot be written
   */
  public EventLogWriter create() throws IOException {
    OutputStream raw = Files.newOutputStream(file);
    try {
      boolean zip = file.toString().endsWith(".gz");
      OutputStream bytes = zip ? new GZIPOutputStream(raw, BUFFER_BYTES) : raw;
      return new EventLogWriter(
          new BufferedWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8), BUFFER_BYTES));
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private EventColumns header(BufferedReader lines) throws IOException {
    String header = lines.readLine();
    if (header == null) {
      throw new IllegalArgumentException(file + ": empty, not even a header");
    }
    return EventColumns.ofHeader(header.startsWith("\uFEFF") ? header.substring(1) : header, file);
  }

  private static InputStream unzipped(InputStream raw) throws IOException {
    BufferedInputStream bytes = new BufferedInputStream(raw, BUFFER_BYTES);
    bytes.mark(2);
    int magic = bytes.read() << 8 | bytes.read();
    bytes.reset();
    return magic == GZIP_MAGIC ? new GZIPInputStream(bytes, BUFFER_BYTES) : bytes;
  }
}
