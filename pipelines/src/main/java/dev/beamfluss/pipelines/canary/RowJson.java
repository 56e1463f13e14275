package dev.beamfluss.pipelines.canary;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.ReadableInstant;

/** Rows of any schema as JSON, with times of ISO-8601, bytes in Base64 and nulls. */
final class RowJson {
  private static final JsonNodeFactory NODES = new JsonNodeFactory(true);

  private RowJson() {}

  static String of(Row row) {
    return object(row).toString();
  }

  private static ObjectNode object(Row row) {
    ObjectNode object = NODES.objectNode();
    for (int i = 0; i < row.getFieldCount(); i++) {
      object.set(row.getSchema().getField(i).getName(), value(row.getValue(i)));
    }
    return object;
  }

  private static JsonNode value(@Nullable Object value) {
    if (value == null) {
      return NODES.nullNode();
    } else if (value instanceof Row row) {
      return object(row);
    } else if (value instanceof Boolean yesOrNo) {
      return NODES.booleanNode(yesOrNo);
    } else if (value instanceof Number number) {
      return number(number);
    } else if (value instanceof byte[] bytes) {
      return NODES.binaryNode(bytes);
    } else if (value instanceof Map<?, ?> map) {
      ObjectNode object = NODES.objectNode();
      map.forEach((key, of) -> object.set(String.valueOf(key), value(of)));
      return object;
    } else if (value instanceof Iterable<?> elements) {
      ArrayNode array = NODES.arrayNode();
      elements.forEach(element -> array.add(value(element)));
      return array;
    } else if (value instanceof LocalDateTime time) {
      // its own text leaves seconds out that are zero
      return NODES.textNode(DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(time));
    } else if (value instanceof ReadableInstant instant) {
      return NODES.textNode(instant.toInstant().toString());
    }
    return NODES.textNode(value.toString());
  }

  private static JsonNode number(Number number) {
    if (number instanceof BigDecimal decimal) {
      return NODES.numberNode(decimal);
    }
    boolean isFraction = number instanceof Double || number instanceof Float;
    if (!isFraction) {
      return NODES.numberNode(number.longValue());
    }
    // JSON has no infinities
    double value = Double.parseDouble(number.toString());
    return Double.isFinite(value) ? NODES.numberNode(value) : NODES.textNode(number.toString());
  }
}
