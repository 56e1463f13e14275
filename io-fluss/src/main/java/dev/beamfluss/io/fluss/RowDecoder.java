package dev.beamfluss.io.fluss;

import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.DataGetters;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalArray;
import org.apache.fluss.row.InternalMap;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.ArrayType;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypeChecks;
import org.apache.fluss.types.DataTypeRoot;
import org.apache.fluss.types.MapType;
import org.apache.fluss.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Makes Beam rows of Fluss rows. Nothing of the client's buffers is held. The rows are not verified
 * against their schema field by field, as the column types already did that.
 */
final class RowDecoder {
  @FunctionalInterface
  private interface FieldDecoder {
    Object decode(DataGetters row, int position);
  }

  private final Schema schema;
  private final FieldDecoder[] fields;
  private final int[] positions;
  private final boolean[] asTheyAre;

  /** Decodes rows that have exactly the fields of the type. */
  RowDecoder(RowType rowType) {
    this(rowType, rowType.getFieldNames());
  }

  /** Decodes the named columns, in this order, of rows that have all fields of the type. */
  RowDecoder(RowType rowType, List<String> columns) {
    this(rowType, columns, false);
  }

  /**
   * Decodes the named columns, in this order, of rows that have all fields of the type.
   *
   * @param owned whether the values of generic rows are copies already
   */
  RowDecoder(RowType rowType, List<String> columns, boolean owned) {
    this.schema = TypeMapping.schema(rowType, columns);
    this.positions = columns.stream().mapToInt(rowType::getFieldIndex).toArray();
    this.fields =
        Arrays.stream(positions)
            .mapToObj(i -> decoder(rowType.getTypeAt(i)))
            .toArray(FieldDecoder[]::new);
    this.asTheyAre = new boolean[positions.length];
    for (int i = 0; i < positions.length; i++) {
      DataTypeRoot root = rowType.getTypeAt(positions[i]).getTypeRoot();
      asTheyAre[i] = isSame(root) || (owned && isConvertedLate(root));
    }
  }

  /** Whether both sides have the same Java class for it. */
  private static boolean isSame(DataTypeRoot type) {
    return switch (type) {
      case BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, FLOAT, DOUBLE -> true;
      default -> false;
    };
  }

  /** Whether {@link LateValues} converts it, or a copy is all it takes. */
  private static boolean isConvertedLate(DataTypeRoot type) {
    return switch (type) {
      case CHAR,
          STRING,
          BINARY,
          BYTES,
          DECIMAL,
          TIMESTAMP_WITHOUT_TIME_ZONE,
          TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
          true;
      default -> false;
    };
  }

  Schema schema() {
    return schema;
  }

  Row decode(InternalRow row) {
    Object[] values = new Object[fields.length];
    for (int i = 0; i < fields.length; i++) {
      values[i] = fieldOrNull(fields[i], row, positions[i]);
    }
    return Row.withSchema(schema).attachValues(Arrays.asList(values));
  }

  /**
   * Decodes a row of a log scanner, whose fields are objects already; the hot path of reads.
   *
   * @throws UnreadableException if a value has no counterpart in Beam
   */
  Row decode(GenericRow row) {
    @Nullable Object[] values = new Object[fields.length];
    int i = 0;
    try {
      for (; i < values.length; i++) {
        Object value = row.getField(positions[i]);
        if (value == null) {
          requireNullable(i);
        } else {
          values[i] =
              !asTheyAre[i]
                  ? fields[i].decode(row, positions[i])
                  : value instanceof BinaryString string ? LateValues.of(string) : value;
        }
      }
    } catch (RuntimeException e) {
      throw new UnreadableException(schema.getField(i).getName(), e);
    }
    return Row.withSchema(schema).attachValues(new LateValues(values));
  }

  private void requireNullable(int i) {
    if (!schema.getField(i).getType().getNullable()) {
      throw new IllegalStateException("is NOT NULL and holds a null");
    }
  }

  /** A row cannot be given to Beam. */
  static final class UnreadableException extends RuntimeException {
    UnreadableException(String column, RuntimeException cause) {
      super("column " + column + ": " + cause.getMessage(), cause);
    }
  }

  private static @Nullable Object fieldOrNull(FieldDecoder field, DataGetters row, int position) {
    return row.isNullAt(position) ? null : field.decode(row, position);
  }

  private static FieldDecoder decoder(DataType type) {
    return switch (type.getTypeRoot()) {
      case BOOLEAN -> DataGetters::getBoolean;
      case TINYINT -> DataGetters::getByte;
      case SMALLINT -> DataGetters::getShort;
      case INTEGER -> DataGetters::getInt;
      case BIGINT -> DataGetters::getLong;
      case FLOAT -> DataGetters::getFloat;
      case DOUBLE -> DataGetters::getDouble;
      case CHAR -> {
        int length = DataTypeChecks.getLength(type);
        yield (row, i) -> LateValues.toString(row.getChar(i, length));
      }
      case STRING -> (row, i) -> LateValues.toString(row.getString(i));
      case BINARY -> {
        int length = DataTypeChecks.getLength(type);
        yield (row, i) -> row.getBinary(i, length).clone();
      }
      case BYTES -> (row, i) -> row.getBytes(i).clone();
      case DECIMAL -> {
        int precision = DataTypeChecks.getPrecision(type);
        int scale = DataTypeChecks.getScale(type);
        yield (row, i) -> row.getDecimal(i, precision, scale).toBigDecimal();
      }
      case DATE -> (row, i) -> LocalDate.ofEpochDay(row.getInt(i));
      case TIME_WITHOUT_TIME_ZONE ->
          (row, i) -> LocalTime.ofNanoOfDay(TimeUnit.MILLISECONDS.toNanos(row.getInt(i)));
      case TIMESTAMP_WITHOUT_TIME_ZONE -> {
        int precision = DataTypeChecks.getPrecision(type);
        yield (row, i) -> row.getTimestampNtz(i, precision).toLocalDateTime();
      }
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {
        int precision = DataTypeChecks.getPrecision(type);
        yield (row, i) -> row.getTimestampLtz(i, precision).toInstant();
      }
      case ARRAY -> {
        FieldDecoder element = decoder(((ArrayType) type).getElementType());
        yield (row, i) -> list(row.getArray(i), element);
      }
      case MAP -> {
        FieldDecoder key = decoder(((MapType) type).getKeyType());
        FieldDecoder value = decoder(((MapType) type).getValueType());
        yield (row, i) -> map(row.getMap(i), key, value);
      }
      case ROW -> {
        RowType nested = (RowType) type;
        RowDecoder decoder = new RowDecoder(nested);
        yield (row, i) -> decoder.decode(row.getRow(i, nested.getFieldCount()));
      }
    };
  }

  private static List<@Nullable Object> list(InternalArray array, FieldDecoder element) {
    List<@Nullable Object> list = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      list.add(fieldOrNull(element, array, i));
    }
    return list;
  }

  private static Map<@Nullable Object, @Nullable Object> map(
      InternalMap map, FieldDecoder key, FieldDecoder value) {
    InternalArray keys = map.keyArray();
    InternalArray values = map.valueArray();
    Map<@Nullable Object, @Nullable Object> result = new HashMap<>();
    for (int i = 0; i < map.size(); i++) {
      result.put(fieldOrNull(key, keys, i), fieldOrNull(value, values, i));
    }
    return result;
  }
}
