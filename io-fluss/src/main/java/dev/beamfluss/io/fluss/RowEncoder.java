package dev.beamfluss.io.fluss;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.Schema.TypeName;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.AggFunctionType;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericArray;
import org.apache.fluss.row.GenericMap;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.ArrayType;
import org.apache.fluss.types.DataField;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypeChecks;
import org.apache.fluss.types.DataTypeRoot;
import org.apache.fluss.types.MapType;
import org.apache.fluss.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.ReadableInstant;

/**
 * Makes Fluss rows of Beam rows, by column name. What can never fit is found when the encoder is
 * made (a column without a field, incompatible types), the rest row by row (a null in a NOT NULL
 * column, a value too large for its type), always as {@link IllegalArgumentException} that names
 * the table, the column and the value.
 */
final class RowEncoder {
  @FunctionalInterface
  private interface ValueEncoder {
    Object encode(Object value);
  }

  private final String table;
  private final RowType rowType;
  private final int[] targets;
  private final int[] sources;
  private final ValueEncoder[] encoders;

  /**
   * @param columns the columns to fill, in any order; all others stay null
   * @param input the schema of the rows to come; may have more fields than columns
   */
  RowEncoder(String table, RowType rowType, List<String> columns, Schema input) {
    this.table = table;
    this.rowType = rowType;
    this.targets = columns.stream().mapToInt(rowType::getFieldIndex).toArray();
    this.sources = new int[targets.length];
    this.encoders = new ValueEncoder[targets.length];
    for (int i = 0; i < targets.length; i++) {
      String column = columns.get(i);
      if (!input.hasField(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has a column %s, but the rows do not. Their fields are %s.",
                table, column, input.getFieldNames()));
      }
      DataType type = rowType.getTypeAt(targets[i]);
      sources[i] = input.indexOf(column);
      encoders[i] = encoder(column, type, input.getField(column).getType());
    }
  }

  /**
   * Also checks what the server does not: a bitmap that is none fails the next merge of its row.
   */
  static RowEncoder forTable(FlussTable table, List<String> columns, Schema input) {
    RowEncoder encoder = new RowEncoder(table.path(), table.rowType(), columns, input);
    for (int i = 0; i < columns.size(); i++) {
      String column = columns.get(i);
      AggFunctionType function = table.aggregations().get(column);
      if (function == AggFunctionType.RBM32 || function == AggFunctionType.RBM64) {
        ValueEncoder plain = encoder.encoders[i];
        encoder.encoders[i] =
            value -> {
              Bitmaps.check(table.path(), column, function, (byte[]) value);
              return plain.encode(value);
            };
      }
    }
    return encoder;
  }

  GenericRow encode(Row row) {
    GenericRow result = new GenericRow(rowType.getFieldCount());
    for (int i = 0; i < targets.length; i++) {
      result.setField(targets[i], field(i, row));
    }
    return result;
  }

  /** Only the key columns given at construction, packed in their order (a lookup key). */
  GenericRow encodePacked(Row row) {
    GenericRow result = new GenericRow(targets.length);
    for (int i = 0; i < targets.length; i++) {
      result.setField(i, field(i, row));
    }
    return result;
  }

  private @Nullable Object field(int i, Row row) {
    Object value = row.getValue(sources[i]);
    if (value != null) {
      try {
        return encoders[i].encode(value);
      } catch (ArithmeticException | DateTimeException e) {
        throw tooLarge(
            rowType.getFieldNames().get(targets[i]), rowType.getTypeAt(targets[i]), value);
      }
    }
    DataField field = rowType.getFields().get(targets[i]);
    if (!field.getType().isNullable()) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of table %s is NOT NULL, but the row has null there: %s",
              field.getName(), table, row.getValues()));
    }
    return null;
  }

  private ValueEncoder encoder(String column, DataType type, FieldType input) {
    return switch (type.getTypeRoot()) {
      case BOOLEAN -> same(column, type, input, TypeName.BOOLEAN);
      case TINYINT -> same(column, type, input, TypeName.BYTE);
      case SMALLINT -> {
        require(column, type, input, TypeName.INT16, TypeName.BYTE);
        yield value -> ((Number) value).shortValue();
      }
      case INTEGER -> {
        require(column, type, input, TypeName.INT32, TypeName.INT16, TypeName.BYTE);
        yield value -> ((Number) value).intValue();
      }
      case BIGINT -> {
        require(column, type, input, TypeName.INT64, TypeName.INT32, TypeName.INT16, TypeName.BYTE);
        yield value -> ((Number) value).longValue();
      }
      case FLOAT -> same(column, type, input, TypeName.FLOAT);
      case DOUBLE -> {
        require(column, type, input, TypeName.DOUBLE, TypeName.FLOAT);
        yield value -> ((Number) value).doubleValue();
      }
      case STRING -> {
        require(column, type, input, TypeName.STRING);
        yield value -> string((String) value);
      }
      case CHAR -> {
        require(column, type, input, TypeName.STRING);
        int length = DataTypeChecks.getLength(type);
        yield value -> {
          String text = (String) value;
          if (text.codePointCount(0, text.length()) > length) {
            throw tooLarge(column, type, value);
          }
          return string(text);
        };
      }
      case BYTES -> same(column, type, input, TypeName.BYTES);
      case BINARY -> {
        require(column, type, input, TypeName.BYTES);
        int length = DataTypeChecks.getLength(type);
        yield value -> {
          if (((byte[]) value).length != length) {
            throw tooLarge(column, type, ((byte[]) value).length + " bytes");
          }
          return value;
        };
      }
      case DECIMAL -> {
        require(column, type, input, TypeName.DECIMAL);
        int precision = DataTypeChecks.getPrecision(type);
        int scale = DataTypeChecks.getScale(type);
        yield value -> decimal(column, type, (BigDecimal) value, precision, scale);
      }
      case DATE -> {
        requireValue(column, type, input, LocalDate.class);
        yield value -> Math.toIntExact(((LocalDate) value).toEpochDay());
      }
      case TIME_WITHOUT_TIME_ZONE -> {
        requireValue(column, type, input, LocalTime.class);
        long unit = nanosPerUnit(Math.min(3, DataTypeChecks.getPrecision(type)));
        yield value -> {
          long nanos = ((LocalTime) value).toNanoOfDay();
          return (int) TimeUnit.NANOSECONDS.toMillis(nanos - nanos % unit);
        };
      }
      case TIMESTAMP_WITHOUT_TIME_ZONE -> {
        requireValue(column, type, input, LocalDateTime.class);
        int precision = DataTypeChecks.getPrecision(type);
        long unit = nanosPerUnit(precision);
        yield value -> {
          LocalDateTime given = (LocalDateTime) value;
          checkMillis(given.toEpochSecond(ZoneOffset.UTC));
          TimestampNtz time =
              TimestampNtz.fromLocalDateTime(
                  given.minusNanos(given.getLong(ChronoField.NANO_OF_SECOND) % unit));
          checkReadable(
              column, type, precision, time.getMillisecond(), time.getNanoOfMillisecond(), value);
          return time;
        };
      }
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {
        requireValue(column, type, input, Instant.class);
        int precision = DataTypeChecks.getPrecision(type);
        long unit = nanosPerUnit(precision);
        yield value -> {
          Instant given =
              value instanceof ReadableInstant joda
                  ? Instant.ofEpochMilli(joda.getMillis())
                  : (Instant) value;
          checkMillis(given.getEpochSecond());
          TimestampLtz time =
              TimestampLtz.fromInstant(
                  given.minusNanos(given.getLong(ChronoField.NANO_OF_SECOND) % unit));
          checkReadable(
              column,
              type,
              precision,
              time.getEpochMillisecond(),
              time.getNanoOfMillisecond(),
              value);
          return time;
        };
      }
      case ARRAY -> {
        require(column, type, input, TypeName.ARRAY, TypeName.ITERABLE);
        DataType elementType = ((ArrayType) type).getElementType();
        FieldType elementField = input.getCollectionElementType();
        ValueEncoder element = nested(column + "[]", elementType, elementField);
        yield value -> array((Iterable<?>) value, element);
      }
      case MAP -> {
        require(column, type, input, TypeName.MAP);
        ValueEncoder key =
            nested(column + ".key", ((MapType) type).getKeyType(), input.getMapKeyType());
        ValueEncoder val =
            nested(column + ".value", ((MapType) type).getValueType(), input.getMapValueType());
        yield value -> {
          Map<Object, Object> result = new HashMap<>();
          ((Map<?, ?>) value).forEach((k, v) -> result.put(key.encode(k), val.encode(v)));
          return new GenericMap(result);
        };
      }
      case ROW -> {
        require(column, type, input, TypeName.ROW);
        RowType nestedType = (RowType) type;
        List<String> unknown = new ArrayList<>(input.getRowSchema().getFieldNames());
        unknown.removeAll(nestedType.getFieldNames());
        if (!unknown.isEmpty()) {
          throw new IllegalArgumentException(
              String.format(
                  "The rows have the fields %s in column %s.%s, which is %s.",
                  unknown, table, column, type));
        }
        RowEncoder nested =
            new RowEncoder(
                table + "." + column, nestedType, nestedType.getFieldNames(), input.getRowSchema());
        yield value -> nested.encode((Row) value);
      }
    };
  }

  /**
   * Refuses times that Fluss 0.9.1 takes but cannot read back from its Arrow log, where one such
   * row stops every reader of its bucket: before 1970 with a fraction of a millisecond, and
   * nanoseconds beyond 64 bits.
   */
  private void checkReadable(
      String column, DataType type, int precision, long millis, int nanosOfMilli, Object value) {
    boolean fractionBeforeEpoch =
        millis < 0 && (precision > 6 ? nanosOfMilli : precision > 3 ? nanosOfMilli / 1000 : 0) != 0;
    long unitsPerMilli = precision > 6 ? 1_000_000 : precision > 3 ? 1_000 : 1;
    boolean tooFar = Math.abs(millis) > Long.MAX_VALUE / unitsPerMilli - 1;
    if (fractionBeforeEpoch || tooFar) {
      throw new IllegalArgumentException(
          String.format(
              "Value %s of column %s of table %s cannot be read back from %s by Fluss 0.9.1, which"
                  + " fails on %s. Round it, or use TIMESTAMP(3).",
              value,
              column,
              table,
              type,
              !tooFar
                  ? "fractions of a millisecond before 1970"
                  : precision > 6
                      ? "years before 1678 and after 2261 at this precision"
                      : "times that are more than 64 bits of it away from 1970"));
    }
  }

  /** Fluss would let the milliseconds of a far time overflow into some other time. */
  private static void checkMillis(long epochSecond) {
    long unused = Math.multiplyExact(epochSecond, 1_000L);
  }

  /** As {@link #encoder}, but for a value inside a collection, which may be null. */
  private ValueEncoder nested(String path, DataType type, @Nullable FieldType input) {
    if (input == null) {
      throw mismatch(path, type, "nothing");
    }
    ValueEncoder encoder = encoder(path, type, input);
    return value -> {
      if (value == null) {
        if (!type.isNullable()) {
          throw new IllegalArgumentException(
              String.format("%s of table %s is NOT NULL, but holds a null.", path, table));
        }
        return null;
      }
      return encoder.encode(value);
    };
  }

  private static GenericArray array(Iterable<?> values, ValueEncoder element) {
    List<@Nullable Object> result =
        new ArrayList<>(values instanceof Collection<?> c ? c.size() : 16);
    for (Object value : values) {
      result.add(element.encode(value));
    }
    return new GenericArray(result.toArray());
  }

  /** Cut to the precision here, as Fluss's row formats would each keep other digits. */
  private static long nanosPerUnit(int precision) {
    long unit = 1;
    for (int digits = precision; digits < 9; digits++) {
      unit *= 10;
    }
    return unit;
  }

  private Decimal decimal(
      String column, DataType type, BigDecimal value, int precision, int scale) {
    // Fluss would round to the scale; an amount that changes on its way is worse than an error
    Decimal decimal =
        value.scale() > scale && value.stripTrailingZeros().scale() > scale
            ? null
            : Decimal.fromBigDecimal(value, precision, scale);
    if (decimal == null) {
      throw tooLarge(column, type, value);
    }
    return decimal;
  }

  /** The JVM encodes far faster than Fluss does. */
  private static BinaryString string(String text) {
    return BinaryString.fromBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  private ValueEncoder same(String column, DataType type, FieldType input, TypeName expected) {
    require(column, type, input, expected);
    return value -> value;
  }

  private void require(String column, DataType type, FieldType input, TypeName... accepted) {
    FieldType base = input;
    while (base.getTypeName() == TypeName.LOGICAL_TYPE
        && base.getLogicalType().getBaseType().getTypeName() != TypeName.ROW
        && isPassedThrough(base)) {
      base = base.getLogicalType().getBaseType();
    }
    for (TypeName name : accepted) {
      if (base.getTypeName() == name) {
        return;
      }
    }
    throw mismatch(column, type, describe(input));
  }

  /** Logical types whose Java value is their base type's: FixedPrecisionNumeric, VariableString. */
  private static boolean isPassedThrough(FieldType type) {
    return type.getLogicalType()
        instanceof org.apache.beam.sdk.schemas.logicaltypes.PassThroughLogicalType;
  }

  private void requireValue(String column, DataType type, FieldType input, Class<?> value) {
    boolean fits =
        switch (input.getTypeName()) {
          case DATETIME -> value == Instant.class;
          case LOGICAL_TYPE -> logicalValueClass(input) == value;
          default -> false;
        };
    if (!fits) {
      throw mismatch(column, type, describe(input));
    }
  }

  private static @Nullable Class<?> logicalValueClass(FieldType type) {
    return switch (type.getLogicalType().getIdentifier()) {
      case "beam:logical_type:date:v1" -> LocalDate.class;
      case "beam:logical_type:time:v1" -> LocalTime.class;
      case "beam:logical_type:datetime:v1" -> LocalDateTime.class;
      case "beam:logical_type:micros_instant:v1", "beam:logical_type:nanos_instant:v1" ->
          Instant.class;
      default -> null;
    };
  }

  private IllegalArgumentException mismatch(String column, DataType type, String input) {
    DataTypeRoot root = type.getTypeRoot();
    String wanted =
        root == DataTypeRoot.ROW ? "ROW" : describe(TypeMapping.fieldType(type.copy(true)));
    return new IllegalArgumentException(
        String.format(
            "Column %s of table %s is %s and takes %s, but the rows hold %s there.",
            column, table, type, wanted, input));
  }

  private static String describe(FieldType type) {
    return type.getTypeName() == TypeName.LOGICAL_TYPE
        ? type.getLogicalType().getIdentifier()
        : type.getTypeName().toString();
  }

  private IllegalArgumentException tooLarge(String column, DataType type, Object value) {
    String text = value.toString();
    return new IllegalArgumentException(
        String.format(
            "Value %s does not fit column %s of table %s, which is %s.",
            text.getBytes(StandardCharsets.UTF_8).length > 200
                ? text.substring(0, 60) + "..."
                : text,
            column,
            table,
            type));
  }
}
