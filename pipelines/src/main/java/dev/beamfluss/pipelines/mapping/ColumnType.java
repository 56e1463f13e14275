package dev.beamfluss.pipelines.mapping;

import java.util.Set;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.Schema.LogicalType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.schemas.logicaltypes.NanosInstant;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The types of columns that a JSON value can become, by their names in Fluss. */
public enum ColumnType {
  /** Text. */
  STRING,
  /** Yes or no. */
  BOOLEAN,
  /** Whole numbers of 8 bits. */
  TINYINT,
  /** Whole numbers of 16 bits. */
  SMALLINT,
  /** Whole numbers of 32 bits. */
  INT,
  /** Whole numbers of 64 bits. */
  BIGINT,
  /** Numbers with a fraction, of 32 bits. */
  FLOAT,
  /** Numbers with a fraction, of 64 bits. */
  DOUBLE,
  /** Exact numbers with a fraction. */
  DECIMAL,
  /** Days. */
  DATE,
  /** Dates and times of a zone that is not stored. */
  TIMESTAMP,
  /** Points in time. */
  TIMESTAMP_LTZ;

  private static final Set<ColumnType> TIMES = Set.of(TIMESTAMP, TIMESTAMP_LTZ);

  /** Whether it must be said how its values are written. */
  boolean isTime() {
    return TIMES.contains(this);
  }

  /**
   * The type of a field, or null if no JSON value becomes one: bytes, times of day, nested ones.
   */
  static @Nullable ColumnType of(FieldType type) {
    return switch (type.getTypeName()) {
      case STRING -> STRING;
      case BOOLEAN -> BOOLEAN;
      case BYTE -> TINYINT;
      case INT16 -> SMALLINT;
      case INT32 -> INT;
      case INT64 -> BIGINT;
      case FLOAT -> FLOAT;
      case DOUBLE -> DOUBLE;
      case DECIMAL -> DECIMAL;
      case LOGICAL_TYPE -> of(type.getLogicalType());
      default -> null;
    };
  }

  private static @Nullable ColumnType of(LogicalType<?, ?> type) {
    String id = type.getIdentifier();
    if (id.equals(SqlTypes.TIMESTAMP.getIdentifier()) || id.equals(NanosInstant.IDENTIFIER)) {
      return TIMESTAMP_LTZ;
    } else if (id.equals(SqlTypes.DATETIME.getIdentifier())) {
      return TIMESTAMP;
    } else if (id.equals(SqlTypes.DATE.getIdentifier())) {
      return DATE;
    }
    return id.equals(FixedPrecisionNumeric.IDENTIFIER) ? DECIMAL : null;
  }
}
