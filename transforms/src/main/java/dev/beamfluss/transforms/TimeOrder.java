package dev.beamfluss.transforms;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.Schema.TypeName;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Whether one time of a joined row is not before another: a condition of a {@link DeltaJoin}, or,
 * with {@link #choose}, a computed column. False where one of them is null.
 *
 * <p>Both columns must be of one type that has an order: a date, a time, a timestamp or a number.
 * Texts are refused without {@link #inTextOf}: '9:30' is after '10:30' as a text, so that two
 * sources which write times in different ways would be compared without an error, and wrong.
 */
public final class TimeOrder implements JoinFunction<Boolean> {
  private final String later;
  private final String earlier;
  private final @Nullable String pattern;
  private transient @Nullable DateTimeFormatter format;

  private TimeOrder(String later, String earlier, @Nullable String pattern) {
    this.later = later;
    this.earlier = earlier;
    this.pattern = pattern;
  }

  /** Whether the time in the first column is at or after that in the second. */
  public static TimeOrder notBefore(String later, String earlier) {
    return new TimeOrder(later, earlier, null);
  }

  /**
   * The columns are texts of this pattern of {@link DateTimeFormatter}, with date and time: {@code
   * uuuu-MM-dd HH:mm:ss}, say. They are read as times, and a row with another text cannot be
   * computed: see {@link DeltaJoin#withErrorHandler}.
   *
   * @throws IllegalArgumentException if it is no pattern
   */
  public TimeOrder inTextOf(String pattern) {
    DateTimeFormatter unused = DateTimeFormatter.ofPattern(pattern, Locale.ROOT);
    return new TimeOrder(later, earlier, pattern);
  }

  /** One of two values, for a computed column. */
  public <T> SerializableFunction<Row, @Nullable Object> choose(T ifNotBefore, T ifBefore) {
    return new Choice<>(this, ifNotBefore, ifBefore);
  }

  @Override
  public void check(Schema joined) {
    FieldType type = type(joined, later);
    FieldType other = type(joined, earlier);
    if (!type.typesEqual(other)) {
      throw new IllegalArgumentException(
          String.format(
              "Columns %s and %s cannot be compared as times: one is %s, the other %s.",
              later, earlier, type, other));
    }
    boolean isText = type.getTypeName() == TypeName.STRING;
    if (isText && pattern == null) {
      throw new IllegalArgumentException(
          String.format(
              "Columns %s and %s are STRING, and times as texts need not sort as times. Say how they"
                  + " are written with inTextOf(\"uuuu-MM-dd HH:mm:ss\"), or make them TIMESTAMP.",
              later, earlier));
    }
    if (!isText && pattern != null) {
      throw new IllegalArgumentException(
          String.format(
              "Columns %s and %s are %s, not texts of the pattern '%s'. Leave out inTextOf(..).",
              later, earlier, type, pattern));
    }
    if (!isText && !hasOrder(type)) {
      throw new IllegalArgumentException(
          String.format("Columns %s and %s are %s, which has no order.", later, earlier, type));
    }
  }

  private static FieldType type(Schema joined, String column) {
    if (!joined.hasField(column)) {
      throw new IllegalArgumentException(
          String.format(
              "The joined row has no column %s to compare. Its columns are %s.",
              column, joined.getFieldNames()));
    }
    return joined.getField(column).getType().withNullable(true);
  }

  private static boolean hasOrder(FieldType type) {
    return type.getTypeName().isNumericType()
        || type.getTypeName() == TypeName.DATETIME
        || type.getTypeName() == TypeName.LOGICAL_TYPE;
  }

  @Override
  public Boolean apply(Row joined) {
    Object last = joined.getValue(later);
    Object first = joined.getValue(earlier);
    if (last == null || first == null) {
      return false;
    }
    return pattern == null
        ? compare(last, first) >= 0
        : !parse(later, (String) last).isBefore(parse(earlier, (String) first));
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // both are values of one type, which was checked
  private static int compare(Object one, Object other) {
    return ((Comparable) one).compareTo(other);
  }

  private LocalDateTime parse(String column, String text) {
    DateTimeFormatter known = format;
    if (known == null) {
      known = DateTimeFormatter.ofPattern(pattern, Locale.ROOT);
      format = known;
    }
    try {
      return LocalDateTime.parse(text, known);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          String.format("'%s' in column %s is no time of the pattern '%s'.", text, column, pattern),
          e);
    }
  }

  @Override
  public String toString() {
    return later + " not before " + earlier;
  }

  private static final class Choice<T> implements JoinFunction<@Nullable Object> {
    private final TimeOrder order;
    private final T ifNotBefore;
    private final T ifBefore;

    Choice(TimeOrder order, T ifNotBefore, T ifBefore) {
      this.order = order;
      this.ifNotBefore = ifNotBefore;
      this.ifBefore = ifBefore;
    }

    @Override
    public void check(Schema joined) {
      order.check(joined);
    }

    @Override
    public @Nullable Object apply(Row joined) {
      return order.apply(joined) ? ifNotBefore : ifBefore;
    }
  }
}
