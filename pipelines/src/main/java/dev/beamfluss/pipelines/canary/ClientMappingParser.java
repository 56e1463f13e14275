package dev.beamfluss.pipelines.canary;

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
import java.util.stream.IntStream;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads a {@link ClientMapping}, and refuses all that it does not understand. */
final class ClientMappingParser {
  private static final Set<String> KEYS = Set.of("client", "zone", "args", "columns");
  private static final Set<String> COLUMN_KEYS =
      Set.of("path", "constant", "time", "pattern", "zone", "values", "default");

  private static final ObjectMapper JSON =
      new ObjectMapper(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final String client;

  ClientMappingParser(String client) {
    this.client = client;
  }

  ClientMapping parse(String json) {
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
    requireKnown(mapping, KEYS, "");
    String named = text(mapping, "client", "");
    if (!client.equals(named)) {
      throw wrong(
          String.format("is that of client '%s'. Name the client that the mapping is of", named));
    }
    JsonNode args = mapping.get("args");
    ClientMapping result =
        new ClientMapping(
            client,
            zone(text(mapping, "zone", ""), ""),
            args == null ? List.of() : path(text(mapping, "args", ""), ""),
            columns(mapping.get("columns")));
    requireApart(result);
    return result;
  }

  private List<ColumnMapping> columns(@Nullable JsonNode columns) {
    if (columns == null || !columns.isObject()) {
      throw wrong(String.format("must have an object \"columns\", not '%s'", columns));
    }
    List<ColumnMapping> result = new ArrayList<>();
    columns.fields().forEachRemaining(e -> result.add(column(e.getKey(), e.getValue())));
    if (result.stream().noneMatch(c -> c.column().equals(PageLogColumns.EVENT_TIME))) {
      throw wrong(
          String.format(
              "does not say where the time of an event is: add the column %s",
              PageLogColumns.EVENT_TIME));
    }
    return List.copyOf(result);
  }

  private ColumnMapping column(String name, JsonNode declared) {
    String of = "column " + name + ": ";
    int index = index(name);
    PageLogColumns.Type type = PageLogColumns.ALL.get(index).type();
    if (declared.isTextual() && type != PageLogColumns.Type.TIMESTAMP_LTZ) {
      return new ColumnMapping(
          name, type, index, path(declared.textValue(), of), null, Map.of(), null);
    }
    if (!declared.isObject()) {
      throw wrong(
          String.format(
              "%smust be %s, not '%s'",
              of,
              type == PageLogColumns.Type.TIMESTAMP_LTZ
                  ? "an object with the \"time\" or \"pattern\" of its values, as it is a time"
                  : "a path or an object",
              declared));
    }
    requireKnown(declared, COLUMN_KEYS, of);
    requireOneSource(declared, name, of);
    boolean isConstant = declared.has("constant");
    ColumnMapping column =
        new ColumnMapping(
            name,
            type,
            index,
            isConstant ? List.of() : path(text(declared, "path", of), of),
            time(declared, type, of),
            values(declared.get("values"), of),
            scalar(declared.get(isConstant ? "constant" : "default"), of));
    requireConvertible(column, of);
    return column;
  }

  private int index(String name) {
    if (Set.of(PageLogColumns.CLIENT, PageLogColumns.ARGS, PageLogColumns.DS).contains(name)) {
      throw wrong(String.format("column %s: is filled without a mapping. Leave it out", name));
    }
    return IntStream.range(0, PageLogColumns.ALL.size())
        .filter(i -> PageLogColumns.ALL.get(i).name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                wrong(
                    String.format(
                        "column %s: the table has no such column. Leave the field out to have it in"
                            + " args; the columns are %s",
                        name, PageLogColumns.schema().getFieldNames())));
  }

  private void requireOneSource(JsonNode declared, String name, String of) {
    if (declared.has("path") == declared.has("constant")) {
      throw wrong(
          String.format("%smust have one of \"path\" and \"constant\", was '%s'", of, declared));
    }
    if (declared.has("constant") && (declared.has("default") || declared.has("values"))) {
      throw wrong(
          String.format("%sis a constant, with which \"default\" and \"values\" mean nothing", of));
    }
    boolean isMadeUp = declared.has("constant") || declared.has("default");
    if (name.equals(PageLogColumns.EVENT_TIME) && isMadeUp) {
      throw wrong(
          String.format(
              "%severy event has a time of its own. Leave \"constant\" and \"default\" out: a line"
                  + " without a time goes to the dead letters",
              of));
    }
  }

  private @Nullable TimeFormat time(JsonNode declared, PageLogColumns.Type type, String of) {
    boolean isTime = type == PageLogColumns.Type.TIMESTAMP_LTZ;
    if (!isTime) {
      if (declared.has("time") || declared.has("pattern") || declared.has("zone")) {
        throw wrong(
            String.format(
                "%sis a %s, no time. Leave \"time\", \"pattern\" and \"zone\" out", of, type));
      }
      return null;
    }
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
      throw wrong(String.format("%s%s", of, e.getMessage()));
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
        .map(name -> name.replace("~1", "/").replace("~0", "~"))
        .toList();
  }

  private static List<String> dotted(String path) {
    return List.of(path.replaceAll("\\[(\\d+)]", ".$1").split("\\.", -1));
  }

  /** One path must not lead into what another takes whole; into args it may. */
  private void requireApart(ClientMapping mapping) {
    for (ColumnMapping outer : mapping.columns()) {
      for (ColumnMapping inner : mapping.columns()) {
        if (leadsInto(outer.path(), inner.path())) {
          throw wrong(
              String.format(
                  "column %s: its path %s leads into what column %s takes. Take fields of it only",
                  inner.column(), inner.path(), outer.column()));
        }
      }
      boolean isConstant = outer.path().isEmpty();
      if (!isConstant
          && (outer.path().equals(mapping.args()) || leadsInto(outer.path(), mapping.args()))) {
        throw wrong(
            String.format(
                "column %s: takes what \"args\" is said to be. Leave one of them out",
                outer.column()));
      }
    }
  }

  private static boolean leadsInto(List<String> outer, List<String> inner) {
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

  private IllegalArgumentException wrong(String message) {
    return new IllegalArgumentException(
        String.format("Mapping of client %s: %s.", client, message));
  }
}
