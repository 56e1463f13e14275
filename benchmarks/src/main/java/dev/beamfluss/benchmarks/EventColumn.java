package dev.beamfluss.benchmarks;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/**
 * A column of {@link EventTable}.
 *
 * @param make a plain Java value, which is what a Beam row holds
 * @param toFluss what a row of Fluss's client holds
 * @param toFlink what a row of Flink's tables holds
 * @param decode back from Fluss's
 */
record EventColumn(
    DataType type,
    Function<Random, Object> make,
    Function<Object, Object> toFluss,
    Function<Object, Object> toFlink,
    Decoder decode) {
  private static final int PRECISION = 10;
  private static final int SCALE = 2;
  private static final int MILLIS = 3;

  @FunctionalInterface
  interface Decoder {
    Object decode(InternalRow row, int position);
  }

  /** The kinds of column, which come by turns; about 20 bytes each. */
  private static final List<EventColumn> KINDS =
      List.of(
          new EventColumn(
              DataTypes.BIGINT(),
              Random::nextLong,
              value -> value,
              value -> value,
              InternalRow::getLong),
          string(random -> "item-" + Long.toString(random.nextLong() >>> 1, 36)),
          new EventColumn(
              DataTypes.DECIMAL(PRECISION, SCALE),
              random -> BigDecimal.valueOf(random.nextInt(1_000_000), SCALE),
              value -> Decimal.fromBigDecimal((BigDecimal) value, PRECISION, SCALE),
              value -> DecimalData.fromBigDecimal((BigDecimal) value, PRECISION, SCALE),
              (row, i) -> row.getDecimal(i, PRECISION, SCALE).toBigDecimal()),
          new EventColumn(
              DataTypes.TIMESTAMP(MILLIS),
              random ->
                  LocalDateTime.ofInstant(
                      Instant.ofEpochMilli(1_750_000_000_000L + random.nextInt()), ZoneOffset.UTC),
              value -> TimestampNtz.fromLocalDateTime((LocalDateTime) value),
              value -> TimestampData.fromLocalDateTime((LocalDateTime) value),
              (row, i) -> row.getTimestampNtz(i, MILLIS).toLocalDateTime()),
          string(
              random ->
                  "https://shop.example/p/" + Long.toHexString(random.nextLong()) + "?from=s"));

  /** The kind of the column at this position. */
  static EventColumn at(int position) {
    return KINDS.get(position % KINDS.size());
  }

  private static EventColumn string(Function<Random, Object> make) {
    return new EventColumn(
        DataTypes.STRING(),
        make,
        value -> BinaryString.fromBytes(((String) value).getBytes(StandardCharsets.UTF_8)),
        value -> StringData.fromString((String) value),
        (row, i) -> row.getString(i).toString());
  }
}
