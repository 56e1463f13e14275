package dev.beamfluss.transforms;

import java.io.Serializable;
import java.math.BigDecimal;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What is kept of the rows of a cell.
 *
 * @param column of the input, null for a count
 * @param as the column of the table
 */
record Measure(Kind kind, @Nullable String column, String as) implements Serializable {
  enum Kind {
    COUNT,
    SUM,
    DISTINCT
  }

  /** The type of a total and of what is written. */
  Schema.FieldType resultType(Schema input) {
    return kind == Kind.SUM && isDecimal(input.getField(column).getType())
        ? Schema.FieldType.DECIMAL
        : Schema.FieldType.INT64;
  }

  /** The type of what a bundle adds: for distinct values, how often each came or went. */
  Schema.FieldType partialType(Schema input) {
    return kind == Kind.DISTINCT
        ? Schema.FieldType.map(Schema.FieldType.STRING, Schema.FieldType.INT64)
        : resultType(input);
  }

  void check(Schema input) {
    if (column == null) {
      return;
    }
    if (!input.hasField(column)) {
      throw new IllegalArgumentException(
          String.format("The input has no column %s, only %s.", column, input.getFieldNames()));
    }
    Schema.FieldType type = input.getField(column).getType();
    if (kind == Kind.SUM && !isInteger(type) && !isDecimal(type)) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s is %s and cannot be summed exactly in any order. It must be an integer or"
                  + " DECIMAL.",
              column, type.getTypeName()));
    }
    if (kind == Kind.DISTINCT && !isInteger(type) && type.getTypeName() != Schema.TypeName.STRING) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s is %s; distinct values are counted of integers and STRING.",
              column, type.getTypeName()));
    }
  }

  private static boolean isDecimal(Schema.FieldType type) {
    return type.getTypeName() == Schema.TypeName.DECIMAL
        || (type.getTypeName() == Schema.TypeName.LOGICAL_TYPE
            && type.getLogicalType() instanceof FixedPrecisionNumeric);
  }

  private static boolean isInteger(Schema.FieldType type) {
    return switch (type.getTypeName()) {
      case BYTE, INT16, INT32, INT64 -> true;
      default -> false;
    };
  }

  /** A value as it is added up: of an integer a long. */
  static Object summand(Object value) {
    return value instanceof BigDecimal ? value : (Object) ((Number) value).longValue();
  }

  static Object negated(Object summand) {
    return summand instanceof BigDecimal decimal
        ? decimal.negate()
        : (Object) Math.negateExact((Long) summand);
  }

  /**
   * The sum of two.
   *
   * @throws ArithmeticException if a long does not hold it
   */
  static Object sum(@Nullable Object one, @Nullable Object other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one instanceof BigDecimal decimal
        ? decimal.add((BigDecimal) other)
        : (Object) Math.addExact((Long) one, (Long) other);
  }
}
