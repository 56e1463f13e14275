package dev.beamfluss.pipelines.mapping;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Takes the values of columns out of JSON objects, in one walk over the fields of each. For one
 * thread.
 *
 * <p>Refused as JSON: a name twice in an object, as nobody knows which is meant; more than {@value
 * #MAX_DEPTH} levels; numbers of more than {@value #MAX_NUMBER} characters, or too great for a
 * DOUBLE (1e400).
 */
public abstract class RecordMapper {
  /** The most levels of an object. */
  protected static final int MAX_DEPTH = 100;

  /** The most characters of a number. */
  protected static final int MAX_NUMBER = 400;

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

  private final List<ColumnMapping> columns;
  private final Paths paths = new Paths();
  private final Object[] values;

  /**
   * Of a table.
   *
   * @param columns what is taken
   * @param width how many columns the table has
   * @param args the path of an object whose fields {@link #other} gets without its name, or empty
   */
  protected RecordMapper(List<ColumnMapping> columns, int width, List<String> args) {
    this.columns = columns;
    this.values = new Object[width];
    for (ColumnMapping column : columns) {
      if (!column.path().isEmpty()) {
        paths.at(column.path()).columns.add(column);
      }
    }
    if (!args.isEmpty()) {
      paths.at(args).isArgs = true;
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
   * The values of an object, in the order of the table's columns; used again for the next one.
   *
   * @throws UnmappableException if it is no row
   */
  protected final Object[] values(String json) throws UnmappableException {
    Arrays.fill(values, null);
    visit(parse(json), paths, "", false);
    for (ColumnMapping column : columns) {
      if (values[column.index()] == null) {
        values[column.index()] = column.missing();
      }
    }
    return values;
  }

  /**
   * Gets what no column takes.
   *
   * @param name its names from the top, or from the args, with dots between them
   * @param inArgs whether it is in the args
   */
  protected abstract void other(String name, String value, boolean inArgs)
      throws UnmappableException;

  /** Gets the args, where they are a text. */
  protected void args(String text) throws UnmappableException {
    throw new IllegalStateException("No args are mapped");
  }

  private static JsonNode parse(String json) throws UnmappableException {
    try {
      JsonNode parsed = JSON.readTree(json);
      if (parsed.isObject()) {
        return parsed;
      }
    } catch (JsonProcessingException e) {
      throw new UnmappableException("it is no JSON that can be read: " + firstLine(e));
    }
    throw new UnmappableException("it is no JSON object");
  }

  private static String firstLine(JsonProcessingException e) {
    int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
    return String.format("%s, at character %d", e.getOriginalMessage(), column);
  }

  private void visit(JsonNode value, @Nullable Paths at, String name, boolean inArgs)
      throws UnmappableException {
    if (value.isDouble()) {
      // all others are decimals; what was written is gone
      throw new UnmappableException("field " + name + ": its number is too great for a DOUBLE");
    }
    if (at != null && !at.columns.isEmpty()) {
      take(value, at.columns);
    } else if (at != null && at.isArgs && value.isTextual()) {
      args(value.textValue());
    } else if (at != null && at.isArgs && value.isObject()) {
      visitFields(value, at, "", true);
    } else if (value.isObject()) {
      visitFields(value, at, name, inArgs);
    } else if (value.isArray()) {
      visitElements(value, at, name, inArgs);
    } else if (!value.isNull()) {
      other(name, value.asText(), inArgs);
    }
  }

  private void visitFields(JsonNode object, @Nullable Paths at, String name, boolean inArgs)
      throws UnmappableException {
    Iterator<Map.Entry<String, JsonNode>> fields = object.fields();
    while (fields.hasNext()) {
      Map.Entry<String, JsonNode> field = fields.next();
      Paths within = at == null ? null : at.within.get(field.getKey());
      visit(field.getValue(), within, within(name, field.getKey()), inArgs);
    }
  }

  private void visitElements(JsonNode array, @Nullable Paths at, String name, boolean inArgs)
      throws UnmappableException {
    for (int i = 0; i < array.size(); i++) {
      String index = String.valueOf(i);
      Paths within = at == null ? null : at.within.get(index);
      visit(array.get(i), within, within(name, index), inArgs);
    }
  }

  private static String within(String name, String field) {
    return name.isEmpty() ? field : name + "." + field;
  }

  private void take(JsonNode value, List<ColumnMapping> takers) throws UnmappableException {
    for (ColumnMapping column : takers) {
      try {
        values[column.index()] = column.convert(value);
      } catch (IllegalArgumentException e) {
        throw new UnmappableException(
            column.column(),
            value.isContainerNode() ? value.toString() : value.asText(),
            e.getMessage());
      }
    }
  }
}
