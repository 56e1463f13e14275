package dev.beamfluss.pipelines.canary;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Makes rows of the lines of a client, in one walk over a line's fields. For one thread.
 *
 * <p>Refused as JSON: a name twice in an object, as nobody knows which is meant; more than {@value
 * #MAX_DEPTH} levels; numbers of more than {@value #MAX_NUMBER} characters, or too great for a
 * DOUBLE (1e400).
 */
final class LineMapper {
  static final int MAX_DEPTH = 100;
  static final int MAX_NUMBER = 400;

  private static final int EVENT_TIME = PageLogColumns.schema().indexOf(PageLogColumns.EVENT_TIME);
  private static final int CLIENT = PageLogColumns.schema().indexOf(PageLogColumns.CLIENT);
  private static final int ARGS = PageLogColumns.schema().indexOf(PageLogColumns.ARGS);
  private static final int DS = PageLogColumns.schema().indexOf(PageLogColumns.DS);

  private static final ObjectReader JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          // numbers that no column takes stay as they were written, and none is rounded
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build()
          .reader();

  private final ClientMapping mapping;
  private final Duration past;
  private final Duration future;
  private final Clock clock;
  private final DateTimeFormatter day;
  private final Paths paths = new Paths();

  private final Object[] values = new Object[PageLogColumns.ALL.size()];
  private final ClientArgs args = new ClientArgs();

  /**
   * Of a client.
   *
   * @param past how old an event may be
   * @param future how far ahead of the clock
   */
  LineMapper(ClientMapping mapping, Duration past, Duration future, Clock clock) {
    this.mapping = mapping;
    this.past = past;
    this.future = future;
    this.clock = clock;
    this.day = DateTimeFormatter.ofPattern("uuuuMMdd", Locale.ROOT).withZone(mapping.zone());
    for (ColumnMapping column : mapping.columns()) {
      if (!column.path().isEmpty()) {
        paths.at(column.path()).columns.add(column);
      }
    }
    if (!mapping.args().isEmpty()) {
      paths.at(mapping.args()).isArgs = true;
    }
  }

  /** What the mapping says of the fields of an object, or of an element of an array. */
  private static final class Paths {
    private final Map<String, Paths> within = new HashMap<>();
    private final List<ColumnMapping> columns = new ArrayList<>();
    private boolean isArgs;

    Paths at(List<String> path) {
      Paths result = this;
      for (String name : path) {
        result = result.within.computeIfAbsent(name, unused -> new Paths());
      }
      return result;
    }
  }

  /**
   * The row of a line.
   *
   * @throws BadLineException if it has none
   */
  Row map(String line) throws BadLineException {
    Arrays.fill(values, null);
    args.clear();
    JsonNode parsed = parse(line);
    visit(parsed, paths, "", false);
    for (ColumnMapping column : mapping.columns()) {
      if (values[column.index()] == null) {
        values[column.index()] = column.missing();
      }
    }
    values[CLIENT] = mapping.client();
    values[ARGS] = args.join();
    values[DS] = day();
    return Row.withSchema(PageLogColumns.schema()).attachValues(Arrays.asList(values.clone()));
  }

  private static JsonNode parse(String line) throws BadLineException {
    try {
      JsonNode parsed = JSON.readTree(line);
      if (parsed.isObject()) {
        return parsed;
      }
    } catch (JsonProcessingException e) {
      throw new BadLineException("it is no JSON that can be read: " + firstLine(e));
    }
    throw new BadLineException("it is no JSON object");
  }

  private static String firstLine(JsonProcessingException e) {
    int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
    return String.format("%s, at character %d", e.getOriginalMessage(), column);
  }

  private void visit(JsonNode value, @Nullable Paths at, String name, boolean inArgs)
      throws BadLineException {
    if (value.isDouble()) {
      // all others are decimals; what was written is gone
      throw new BadLineException("field " + name + ": its number is too great for a DOUBLE");
    }
    if (at != null && !at.columns.isEmpty()) {
      take(value, at.columns);
    } else if (at != null && at.isArgs && value.isTextual()) {
      args.addOwn(value.textValue());
    } else if (at != null && at.isArgs && value.isObject()) {
      visitFields(value, at, "", true);
    } else if (value.isObject()) {
      visitFields(value, at, name, inArgs);
    } else if (value.isArray()) {
      visitElements(value, at, name, inArgs);
    } else if (!value.isNull()) {
      keep(name, value.asText(), inArgs);
    }
  }

  private void visitFields(JsonNode object, @Nullable Paths at, String name, boolean inArgs)
      throws BadLineException {
    Iterator<Map.Entry<String, JsonNode>> fields = object.fields();
    while (fields.hasNext()) {
      Map.Entry<String, JsonNode> field = fields.next();
      Paths within = at == null ? null : at.within.get(field.getKey());
      visit(field.getValue(), within, within(name, field.getKey()), inArgs);
    }
  }

  private void visitElements(JsonNode array, @Nullable Paths at, String name, boolean inArgs)
      throws BadLineException {
    for (int i = 0; i < array.size(); i++) {
      String index = String.valueOf(i);
      Paths within = at == null ? null : at.within.get(index);
      visit(array.get(i), within, within(name, index), inArgs);
    }
  }

  private static String within(String name, String field) {
    return name.isEmpty() ? field : name + "." + field;
  }

  private void take(JsonNode value, List<ColumnMapping> columns) throws BadLineException {
    for (ColumnMapping column : columns) {
      try {
        values[column.index()] = column.convert(value);
      } catch (IllegalArgumentException e) {
        throw new BadLineException(
            column.column(),
            value.isContainerNode() ? value.toString() : value.asText(),
            e.getMessage());
      }
    }
  }

  private void keep(String name, String value, boolean inArgs) {
    if (inArgs) {
      args.addOwn(name, value);
    } else {
      args.add(name, value);
    }
  }

  /** The partition, which the cluster would create for any day. */
  private String day() throws BadLineException {
    Instant at = (Instant) values[EVENT_TIME];
    if (at == null) {
      throw new BadLineException("column event_time: it has no time of the event");
    }
    Instant now = clock.instant();
    if (at.isBefore(now.minus(past)) || at.isAfter(now.plus(future))) {
      throw new BadLineException(
          PageLogColumns.EVENT_TIME,
          at.toString(),
          String.format(
              "is no plausible time, as it is not within %d days before and %d after %s",
              past.toDays(), future.toDays(), now));
    }
    return day.format(at);
  }
}
