package dev.beamfluss.pipelines.mapping;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.beam.sdk.schemas.Schema;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads the parts that all mappings have, and refuses all that it does not understand. */
public final class MappingParser {
  private static final Set<String> COLUMN_KEYS =
      Set.of("path", "constant", "time", "pattern", "zone", "format", "values", "default");

  private static final ObjectMapper JSON =
      new ObjectMapper(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final String name;
  private final Schema table;
  private final Set<String> filled;

  /**
   * Of a table.
   *
   * @param name what errors call the mapping
   * @param table its columns
   * @param filled those that a mapping must not name
   */
  public MappingParser(String name, Schema table, Set<String> filled) {
    this.name = name;
    this.table = table;
    this.filled = filled;
  }

  /** The mapping as JSON, with no other keys than these. */
  public JsonNode object(String json, Set<String> keys) {
    JsonNode mapping;
    try {
      mapping = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      String at =
          e.getLocation() == null
              ? ""
              : String.format(
                  " in line %d, column %d",
                  e.getLocation().getLineNr(), e.getLocation().getColumnNr());
      throw wrong(String.format("is no valid JSON%s: %s", at, e.getOriginalMessage()));
    }
    if (!mapping.isObject()) {
      throw wrong(String.format("must be a JSON object, not '%s'", mapping));
    }
    requireKnown(mapping, keys, "");
    return mapping;
  }

  /** The text under a key that must be there. */
  public String text(JsonNode mapping, String key) {
    return text(mapping, key, "");
  }

  /** The time zone under a key that must be there. */
  public ZoneId zone(JsonNode mapping, String key) {
    return zone(text(mapping, key, ""), "");
  }

  /** The path under a key, or an empty one. */
  public List<String> path(JsonNode mapping, String key) {
    return mapping.has(key) ? path(text(mapping, key, ""), "") : List.of();
  }

  /**
   * The columns under the key {@code columns}.
   *
   * @param zone in which times become dates and texts
   */
  public List<ColumnMapping> columns(JsonNode mapping, ZoneId zone) {
    JsonNode columns = mapping.get("columns");
    if (columns == null || !columns.isObject()) {
      throw wrong(String.format("must have an object \"columns\", not '%s'", columns));
    }
    List<ColumnMapping> result = new ArrayList<>();
    columns.fields().forEachRemaining(e -> result.add(column(e.getKey(), e.getValue(), zone)));
    requireApart(result);
    return List.copyOf(result);
  }

  private ColumnMapping column(String column, JsonNode declared, ZoneId zone) {
    String of = "column " + column + ": ";
    int index = index(column);
    ColumnType type = ColumnType.of(table.getField(index).getType());
    if (type == null) {
      throw wrong(
          String.format(
              "%sno JSON value becomes one of its type %s. Leave it out",
              of, table.getField(index).getType().getTypeName()));
    }
    if (declared.isTextual() && !type.isTime()) {
      return new ColumnMapping(
          column, type, index, path(declared.textValue(), of), null, zone, null, Map.of(), null);
    }
    if (!declared.isObject()) {
      throw wrong(
          String.format(
              "%smust be %s, not '%s'",
              of,
              type.isTime()
                  ? "an object with the \"time\" or \"pattern\" of its values, as it is a time"
                  : "a path or an object",
              declared));
    }
    requireKnown(declared, COLUMN_KEYS, of);
    requireOneSource(declared, of);
    boolean isConstant = declared.has("constant");
    ColumnMapping result =
        new ColumnMapping(
            column,
            type,
            index,
            isConstant ? List.of() : path(text(declared, "path", of), of),
            time(declared, type, of),
            zone,
            format(declared, type, zone, of),
            values(declared.get("values"), of),
            scalar(declared.get(isConstant ? "constant" : "default"), of));
    requireConvertible(result, of);
    return result;
  }

  private int index(String column) {
    if (filled.contains(column)) {
      throw wrong(String.format("column %s: is filled without a mapping. Leave it out", column));
    }
    if (!table.hasField(column)) {
      throw wrong(
          String.format(
              "column %s: the table has no such column; its columns are %s",
              column, table.getFieldNames()));
    }
    return table.indexOf(column);
  }

  private void requireOneSource(JsonNode declared, String of) {
    if (declared.has("path") == declared.has("constant")) {
      throw wrong(
          String.format("%smust have one of \"path\" and \"constant\", was '%s'", of, declared));
    }
    if (declared.has("constant") && (declared.has("default") || declared.has("values"))) {
      throw wrong(
          String.format("%sis a constant, with which \"default\" and \"values\" mean nothing", of));
    }
  }

  private @Nullable TimeFormat time(JsonNode declared, ColumnType type, String of) {
    boolean isMade = (type == ColumnType.STRING || type == ColumnType.DATE) && saysTime(declared);
    boolean isText = type == ColumnType.STRING;
    if (isMade && (!isText || declared.has("format"))) {
      return timeFormat(declared, of);
    }
    if (!type.isTime()) {
      if (saysTime(declared) || declared.has("zone")) {
        throw wrong(
            String.format(
                "%sis a %s, no time. Leave \"time\", \"pattern\" and \"zone\" out%s",
                of, type, isText ? ", or say the \"format\" of the text" : ""));
      }
      return null;
    }
    return timeFormat(declared, of);
  }

  private static boolean saysTime(JsonNode declared) {
    return declared.has("time") || declared.has("pattern");
  }

  private TimeFormat timeFormat(JsonNode declared, String of) {
    if (declared.has("time") == declared.has("pattern")
        || declared.has("zone") != declared.has("pattern")) {
      throw wrong(
          String.format(
              "%sis a time, so it has either a \"time\" of %s or a \"pattern\" and its \"zone\", was"
                  + " '%s'",
              of, TimeFormat.NAMES, declared));
    }
    ZoneId zone = declared.has("zone") ? zone(text(declared, "zone", of), of) : null;
    String format = text(declared, zone == null ? "time" : "pattern", of);
    try {
      return zone == null ? TimeFormat.named(format) : TimeFormat.ofPattern(format, zone);
    } catch (IllegalArgumentException e) {
      throw wrong(of + e.getMessage());
    }
  }

  private @Nullable TimeFormat format(JsonNode declared, ColumnType type, ZoneId zone, String of) {
    if (!declared.has("format")) {
      return null;
    }
    if (type != ColumnType.STRING || !saysTime(declared)) {
      throw wrong(
          String.format(
              "%s\"format\" is how a time becomes a text: of a STRING with a \"time\" or a"
                  + " \"pattern\"",
              of));
    }
    try {
      return TimeFormat.forTexts(text(declared, "format", of), zone);
    } catch (IllegalArgumentException e) {
      throw wrong(of + e.getMessage());
    }
  }

  private Map<String, String> values(@Nullable JsonNode values, String of) {
    if (values == null) {
      return Map.of();
    }
    if (!values.isObject()) {
      throw wrong(
          String.format(
              "%s\"values\" must be an object of old and new values, not '%s'", of, values));
    }
    Map<String, String> result = new HashMap<>();
    values.fields().forEachRemaining(e -> result.put(e.getKey(), scalar(e.getValue(), of)));
    return result;
  }

  /** Text, number or boolean as a text, or null where nothing is declared. */
  private @Nullable String scalar(@Nullable JsonNode value, String of) {
    if (value != null && (value.isNull() || value.isContainerNode())) {
      throw wrong(String.format("%smust be a text, a number, true or false, not '%s'", of, value));
    }
    return value == null ? null : value.asText();
  }

  private void requireConvertible(ColumnMapping column, String of) {
    List<String> declared = new ArrayList<>(column.values().values());
    // no value, see ColumnMapping
    declared.removeIf(String::isEmpty);
    if (column.otherwise() != null) {
      declared.add(column.otherwise());
    }
    for (String value : declared) {
      try {
        var unused = column.convert(value);
      } catch (IllegalArgumentException e) {
        throw wrong(String.format("%svalue '%s' %s", of, value, e.getMessage()));
      }
    }
  }

  private List<String> path(String path, String of) {
    List<String> names = path.startsWith("/") ? pointer(path) : dotted(path);
    if (path.isEmpty() || (!path.startsWith("/") && names.contains(""))) {
      throw wrong(
          String.format(
              "%s'%s' is no path. Write names with dots between them, biz.items[0].id, or a JSON"
                  + " pointer, /biz/items/0/id",
              of, path));
    }
    return names;
  }

  private static List<String> pointer(String path) {
    return List.of(path.substring(1).split("/", -1)).stream()
        .map(part -> part.replace("~1", "/").replace("~0", "~"))
        .toList();
  }

  private static List<String> dotted(String path) {
    return List.of(path.replaceAll("\\[(\\d+)]", ".$1").split("\\.", -1));
  }

  /** One path must not lead into what another takes whole. */
  private void requireApart(List<ColumnMapping> columns) {
    for (ColumnMapping outer : columns) {
      for (ColumnMapping inner : columns) {
        if (leadsInto(outer.path(), inner.path())) {
          throw wrong(
              String.format(
                  "column %s: its path %s leads into what column %s takes. Take fields of it only",
                  inner.column(), inner.path(), outer.column()));
        }
      }
    }
  }

  /** Whether a path goes on behind another. */
  public static boolean leadsInto(List<String> outer, List<String> inner) {
    return !outer.isEmpty()
        && inner.size() > outer.size()
        && inner.subList(0, outer.size()).equals(outer);
  }

  private ZoneId zone(String zone, String of) {
    try {
      return ZoneId.of(zone);
    } catch (DateTimeException e) {
      throw wrong(
          String.format(
              "%s'%s' is no time zone. Write one such as Asia/Shanghai or UTC", of, zone));
    }
  }

  private String text(JsonNode object, String key, String of) {
    JsonNode value = object.get(key);
    if (value == null || !value.isTextual()) {
      throw wrong(String.format("%s\"%s\" must be a text, not '%s'", of, key, value));
    }
    return value.textValue();
  }

  private void requireKnown(JsonNode object, Set<String> known, String of) {
    object
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!known.contains(key)) {
                throw wrong(
                    String.format(
                        "%s\"%s\" is not known; there are %s", of, key, new TreeSet<>(known)));
              }
            });
  }

  /** What is thrown for a mapping that is wrong. */
  public IllegalArgumentException wrong(String message) {
    return new IllegalArgumentException(String.format("Mapping of %s: %s.", name, message));
  }
}
