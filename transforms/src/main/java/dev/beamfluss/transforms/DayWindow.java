package dev.beamfluss.transforms;

import java.io.Serializable;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.Schema.TypeName;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;

/**
 * Lets a row of the right side match rows of the left side of its own day and of days before.
 *
 * @param column the day, one of the join columns: a STRING such as 20261123, as Fluss names the
 *     partitions of days, or a DATE
 * @param as what the right side's day is called in the joined row, where the column is the left's
 * @param days how many days of the left side a right row can match, its own among them
 */
record DayWindow(String column, String as, int days) implements Serializable {

  void check(FieldType type) {
    if (type.getTypeName() != TypeName.STRING
        && !type.withNullable(false).typesEqual(FieldType.logicalType(SqlTypes.DATE))) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of a window of days must be a STRING such as 20261123, or a DATE, not %s.",
              column, type));
    }
  }

  /**
   * @throws IllegalArgumentException if the value is no day
   */
  Object plusDays(Object day, int number) {
    if (day instanceof LocalDate date) {
      return date.plusDays(number);
    }
    try {
      return LocalDate.parse((String) day, DateTimeFormatter.BASIC_ISO_DATE)
          .plusDays(number)
          .format(DateTimeFormatter.BASIC_ISO_DATE);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          String.format("'%s' in column %s is no day such as 20261123.", day, column), e);
    }
  }
}
