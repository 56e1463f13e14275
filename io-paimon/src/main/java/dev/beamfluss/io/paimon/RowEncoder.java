package dev.beamfluss.io.paimon;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.temporal.ChronoField;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.Schema.TypeName;
import org.apache.beam.sdk.schemas.logicaltypes.PassThroughLogicalType;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.Decimal;
import org.apache.paimon.data.GenericArray;
import org.apache.paimon.data.GenericMap;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.Timestamp;
import org.apache.paimon.types.ArrayType;
import org.apache.paimon.types.DataField;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypeChecks;
import org.apache.paimon.types.DataTypeRoot;
import org.apache.paimon.types.IntType;
import org.apache.paimon.types.MapType;
import org.apache.paimon.types.MultisetType;
import org.apache.paimon.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.ReadableInstant;

/**
 * Makes Paimon rows of Beam rows, by column name. What can never fit is found when the encoder is
 * made (a column without a field, incompatible types), the rest row by row (a null in a NOT NULL
 * column, a value too large for its type), always as {@link IllegalArgumentException} that names
 * the table, the column and the value. Paimon's own writers check the nulls only: lengths, digits
 * and precisions they take as they come.
 */
final class RowEncoder {
  @FunctionalInterface
  private interface ValueEncoder {
    Object encode(Object value);
  }

  private static final int SHOWN_CHARACTERS = 60;

  private final String table;
  private final List<DataField> fields;
  private final int[] sources;
  private final ValueEncoder[] encoders;

  /**
   * @param rowType the columns to fill
   * @param input the schema of the rows to come; may have more fields than columns
   */
  RowEncoder(String table, RowType rowType, Schema input) {
    this.table = table;
    this.fields = rowType.getFields();
    this.sources = new int[fields.size()];
    this.encoders = new ValueEncoder[fields.size()];
    for (int i = 0; i < sources.length; i++) {
      String column = fields.get(i).name();
      if (!input.hasField(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has a column %s, but the rows do not. Their fields are %s.",
                table, column, input.getFieldNames()));
      }
      sources[i] = input.indexOf(column);
      encoders[i] = encoder(column, fields.get(i).type(), input.getField(column).getType());
    }
  }

  GenericRow encode(Row row) {
    GenericRow result = new GenericRow(sources.length);
    for (int i = 0; i < sources.length; i++) {
      Object value = row.getValue(sources[i]);
      if (value != null) {
        result.setField(i, encoders[i].encode(value));
      } else if (!fields.get(i).type().isNullable()) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s of table %s is NOT NULL, but the row has null there: %s",
                fields.get(i).name(), table, row.getValues()));
      }
    }
    return result;
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
      case CHAR, VARCHAR -> {
        require(column, type, input, TypeName.STRING);
        int length = DataTypeChecks.getLength(type);
        yield value -> {
          String text = (String) value;
          if (text.length() > length && text.codePointCount(0, text.length()) > length) {
            throw doesNotFit(column, type, value);
          }
          // several times as fast as fromString
          return BinaryString.fromBytes(text.getBytes(StandardCharsets.UTF_8));
        };
      }
      case BINARY, VARBINARY -> {
        require(column, type, input, TypeName.BYTES);
        int most = DataTypeChecks.getLength(type);
        int least = type.getTypeRoot() == DataTypeRoot.BINARY ? most : 0;
        yield value -> {
          int length = ((byte[]) value).length;
          if (length < least || length > most) {
            throw doesNotFit(column, type, length + " bytes");
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
        // whatever the precision, Paimon's value is a number of milliseconds
        long unit = nanosPerUnit(Math.min(3, DataTypeChecks.getPrecision(type)));
        yield value ->
            (int) TimeUnit.NANOSECONDS.toMillis(cut((LocalTime) value, unit).toNanoOfDay());
      }
      case TIMESTAMP_WITHOUT_TIME_ZONE -> {
        requireValue(column, type, input, LocalDateTime.class);
        long unit = nanosPerUnit(DataTypeChecks.getPrecision(type));
        yield value -> Timestamp.fromLocalDateTime(cut((LocalDateTime) value, unit));
      }
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {
        requireValue(column, type, input, Instant.class);
        long unit = nanosPerUnit(DataTypeChecks.getPrecision(type));
        yield value -> timestamp(cut(instant(value), unit));
      }
      case ARRAY -> {
        require(column, type, input, TypeName.ARRAY, TypeName.ITERABLE);
        ValueEncoder element =
            nested(
                column + "[]",
                ((ArrayType) type).getElementType(),
                input.getCollectionElementType());
        yield value -> array((Iterable<?>) value, element);
      }
      case MAP -> {
        require(column, type, input, TypeName.MAP);
        yield map(
            column,
            ((MapType) type).getKeyType(),
            nested(column + ".value", ((MapType) type).getValueType(), input.getMapValueType()),
            input);
      }
      case MULTISET -> {
        require(column, type, input, TypeName.MAP);
        yield map(
            column,
            ((MultisetType) type).getElementType(),
            nested(column + ".count", new IntType(false), input.getMapValueType()),
            input);
      }
      case ROW -> {
        require(column, type, input, TypeName.ROW);
        RowEncoder nested =
            new RowEncoder(table + "." + column, (RowType) type, input.getRowSchema());
        yield value -> nested.encode((Row) value);
      }
      case VARIANT -> throw mismatch(column, type, describe(input), "no Beam type");
    };
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

  private ValueEncoder map(String column, DataType keyType, ValueEncoder toValue, FieldType input) {
    // no null as a key, as Paimon's file formats have no place for it
    ValueEncoder toKey = nested(column + ".key", keyType.copy(false), input.getMapKeyType());
    return value -> {
      Map<Object, @Nullable Object> result = new LinkedHashMap<>();
      ((Map<?, ?>) value).forEach((k, v) -> result.put(toKey.encode(k), toValue.encode(v)));
      return new GenericMap(result);
    };
  }

  private static GenericArray array(Iterable<?> values, ValueEncoder element) {
    List<@Nullable Object> result = new ArrayList<>();
    for (Object value : values) {
      result.add(element.encode(value));
    }
    return new GenericArray(result.toArray());
  }

  private static Instant instant(Object value) {
    return value instanceof ReadableInstant joda
        ? Instant.ofEpochMilli(joda.getMillis())
        : (Instant) value;
  }

  private static Timestamp timestamp(Instant time) {
    return Timestamp.fromEpochMillis(
        time.toEpochMilli(),
        time.get(ChronoField.NANO_OF_SECOND) % (int) TimeUnit.MILLISECONDS.toNanos(1));
  }

  /** Cut to the precision here, as each of Paimon's file formats would keep other digits. */
  @SuppressWarnings("unchecked") // a time with other nanoseconds is of the same class
  private static <T extends Temporal> T cut(T time, long unit) {
    long nanos = time.getLong(ChronoField.NANO_OF_SECOND);
    return nanos % unit == 0
        ? time
        : (T) time.with(ChronoField.NANO_OF_SECOND, nanos - nanos % unit);
  }

  private static long nanosPerUnit(int precision) {
    long unit = 1;
    for (int digits = precision; digits < 9; digits++) {
      unit *= 10;
    }
    return unit;
  }

  private Decimal decimal(
      String column, DataType type, BigDecimal value, int precision, int scale) {
    // Paimon would round to the scale; an amount that changes on its way is worse than an error
    Decimal decimal =
        value.scale() > scale && value.stripTrailingZeros().scale() > scale
            ? null
            : Decimal.fromBigDecimal(value, precision, scale);
    if (decimal == null) {
      throw doesNotFit(column, type, value);
    }
    return decimal;
  }

  private ValueEncoder same(String column, DataType type, FieldType input, TypeName expected) {
    require(column, type, input, expected);
    return value -> value;
  }

  private void require(String column, DataType type, FieldType input, TypeName... accepted) {
    FieldType base = input;
    // FixedPrecisionNumeric, VariableString and the like, whose Java value is their base type's
    while (base.getTypeName() == TypeName.LOGICAL_TYPE
        && base.getLogicalType() instanceof PassThroughLogicalType) {
      base = base.getLogicalType().getBaseType();
    }
    if (!List.of(accepted).contains(base.getTypeName())) {
      throw mismatch(column, type, describe(input));
    }
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
    return mismatch(column, type, input, describe(TypeMapping.fieldType(column, type)));
  }

  private IllegalArgumentException mismatch(
      String column, DataType type, String input, String wanted) {
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

  private IllegalArgumentException doesNotFit(String column, DataType type, Object value) {
    String text = value.toString();
    return new IllegalArgumentException(
        String.format(
            "Value %s does not fit column %s of table %s, which is %s.",
            text.length() > 2 * SHOWN_CHARACTERS
                ? text.substring(0, SHOWN_CHARACTERS) + "..."
                : text,
            column,
            table,
            type));
  }
}
