package dev.beamfluss.pipelines.canary;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.beamfluss.pipelines.mapping.ColumnMapping;
import dev.beamfluss.pipelines.mapping.TimeFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;

/**
 * How the log lines of a client become rows of the page log, declared in JSON:
 *
 * <pre>{@code
 * {
 *   "client": "ios",
 *   "zone": "Asia/Shanghai",
 *   "args": "ext",
 *   "columns": {
 *     "event_id": "eventId",
 *     "event_time": {"path": "ts", "time": "epoch-millis"},
 *     "install_time": {"path": "app.installed", "pattern": "uuuu-MM-dd HH:mm:ss", "zone": "UTC"},
 *     "event": {"path": "evt", "values": {"pv": "page_view"}},
 *     "item_id": "/biz/items/0/id",
 *     "os_name": {"constant": "iOS"},
 *     "channel": {"path": "app.channel", "default": "appstore"}
 *   }
 * }
 * }</pre>
 *
 * <p>{@code zone} is that of the partition's day; {@code args}, which may be left out, is the path
 * of an object, or text {@code k=v,k=v}, that the client sends for {@link PageLogColumns#ARGS}. A
 * column has a path or a constant; a text stands for its path. Paths are names with dots between
 * them, {@code biz.items[0].id}, or JSON pointers, {@code /biz/items/0/id}, which also reach names
 * that have dots themselves. Times have a {@code time} of {@value TimeFormat#NAMES}, or a {@code
 * pattern} of {@link java.time.format.DateTimeFormatter} and the {@code zone} of times without an
 * offset. {@code values} takes the place of values before anything else is done with them; others
 * stay as they are. {@code default} is for values that are missing. Columns that are not named are
 * null; {@code client}, {@code args} and {@code ds} are filled without being named.
 */
public final class ClientMapping implements Serializable {

  /** The clients whose mappings are shipped, as resources {@code client-mappings/ios.json} etc. */
  public static final List<String> SHIPPED = List.of("ios", "android", "web", "mini-program");

  private final String client;
  private final ZoneId zone;
  private final List<String> args;
  private final List<ColumnMapping> columns;

  ClientMapping(String client, ZoneId zone, List<String> args, List<ColumnMapping> columns) {
    this.client = client;
    this.zone = zone;
    this.args = args;
    this.columns = columns;
  }

  /**
   * Of a client whose mapping is shipped.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static ClientMapping shipped(String client) {
    if (!SHIPPED.contains(client)) {
      throw new IllegalArgumentException(
          String.format(
              "No mapping is shipped for client '%s', only for %s. Name a file with its mapping"
                  + " (--mapping=FILE).",
              client, SHIPPED));
    }
    String name = "/client-mappings/" + client + ".json";
    try (InputStream in = ClientMapping.class.getResourceAsStream(name)) {
      return parse(client, new String(in.readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Of a file.
   *
   * @throws IllegalArgumentException if it cannot be read, or is wrong
   */
  public static ClientMapping ofFile(String client, Path file) {
    try {
      return parse(client, Files.readString(file));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          String.format("Cannot read the mapping of client '%s' from %s: %s", client, file, e), e);
    }
  }

  /**
   * Of a text.
   *
   * @throws IllegalArgumentException for whatever in it is not understood; the message names
   *     client, column and value
   */
  public static ClientMapping parse(String client, String json) {
    return new ClientMappingParser(client).parse(json);
  }

  /** What the rows have in the column {@code client}. */
  public String client() {
    return client;
  }

  ZoneId zone() {
    return zone;
  }

  /** Where the client's own args are; empty if there are none. */
  List<String> args() {
    return args;
  }

  List<ColumnMapping> columns() {
    return columns;
  }

  @Override
  public String toString() {
    return "mapping of client " + client;
  }
}
