package dev.beamfluss.io.paimon;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.types.ArrayType;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypeChecks;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.IntType;
import org.apache.paimon.types.MapType;
import org.apache.paimon.types.MultisetType;
import org.apache.paimon.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Rows of every type that maps, from a seed. */
final class RandomRows {
  private static final String[] TEXTS = {"", "tea", "naïve", "奶茶", "🧋 boba"};

  private final Random random;

  RandomRows(long seed) {
    this.random = new Random(seed);
  }

  /**
   * A column of each type and precision that matters, nullable and NOT NULL.
   *
   * @param finest the most digits of a second that the file format can hold
   */
  static Map<String, DataType> everyType(int finest) {
    List<DataType> types =
        new ArrayList<>(
            List.of(
                DataTypes.BOOLEAN(),
                DataTypes.TINYINT(),
                DataTypes.SMALLINT(),
                DataTypes.INT(),
                DataTypes.BIGINT(),
                DataTypes.FLOAT(),
                DataTypes.DOUBLE(),
                DataTypes.CHAR(6),
                DataTypes.VARCHAR(7),
                DataTypes.STRING(),
                DataTypes.BINARY(3),
                DataTypes.VARBINARY(5),
                DataTypes.BYTES(),
                DataTypes.DECIMAL(9, 2),
                DataTypes.DECIMAL(18, 0),
                DataTypes.DECIMAL(38, 10),
                DataTypes.DATE(),
                DataTypes.TIME(0),
                DataTypes.TIME(3)));
    for (int precision : new int[] {0, 3, 6, finest}) {
      types.add(DataTypes.TIMESTAMP(precision));
      types.add(DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(precision));
    }
    types.add(DataTypes.ARRAY(DataTypes.ARRAY(DataTypes.TIMESTAMP(6))));
    types.add(DataTypes.ARRAY(DataTypes.STRING().notNull()));
    types.add(DataTypes.MAP(DataTypes.STRING(), DataTypes.DECIMAL(20, 3)));
    types.add(DataTypes.MAP(DataTypes.INT().notNull(), DataTypes.ARRAY(DataTypes.BIGINT())));
    types.add(DataTypes.MULTISET(DataTypes.STRING()));
    types.add(
        DataTypes.ROW(
            DataTypes.FIELD(1000, "amount", DataTypes.DECIMAL(10, 2)),
            DataTypes.FIELD(1001, "tags", DataTypes.ARRAY(DataTypes.STRING())),
            DataTypes.FIELD(
                1002, "at", DataTypes.ROW(DataTypes.FIELD(1003, "day", DataTypes.DATE())))));
    Map<String, DataType> columns = new LinkedHashMap<>();
    for (int i = 0; i < types.size(); i++) {
      columns.put("c" + i, types.get(i));
      columns.put("n" + i, types.get(i).notNull());
    }
    return columns;
  }

  Row row(RowType type) {
    Schema schema = TypeMapping.schema(type);
    List<@Nullable Object> values = new ArrayList<>();
    for (DataType field : type.getFieldTypes()) {
      values.add(valueOrNull(field));
    }
    return Row.withSchema(schema).addValues(values).build();
  }

  private @Nullable Object valueOrNull(DataType type) {
    return type.isNullable() && random.nextInt(4) == 0 ? null : value(type);
  }

  private Object value(DataType type) {
    return switch (type.getTypeRoot()) {
      case BOOLEAN -> random.nextBoolean();
      case TINYINT -> (byte) random.nextInt();
      case SMALLINT -> (short) random.nextInt();
      case INTEGER -> random.nextInt();
      case BIGINT -> random.nextLong();
      case FLOAT -> Float.intBitsToFloat(random.nextInt(0x7f800000));
      case DOUBLE -> random.nextGaussian();
      case CHAR, VARCHAR -> TEXTS[random.nextInt(TEXTS.length)];
      case BINARY -> bytes(DataTypeChecks.getLength(type));
      case VARBINARY -> bytes(random.nextInt(6));
      case DECIMAL ->
          new BigDecimal(
              BigInteger.TEN
                  .pow(DataTypeChecks.getPrecision(type))
                  .subtract(BigInteger.ONE)
                  .min(new BigInteger(126, random))
                  .multiply(BigInteger.valueOf(random.nextInt(3) - 1)),
              DataTypeChecks.getScale(type));
      case DATE -> LocalDate.ofEpochDay(random.nextInt(80_000) - 40_000);
      case TIME_WITHOUT_TIME_ZONE ->
          LocalTime.ofSecondOfDay(random.nextInt(86_400))
              .withNano(nanos(Math.min(3, DataTypeChecks.getPrecision(type))));
      case TIMESTAMP_WITHOUT_TIME_ZONE ->
          LocalDateTime.ofInstant(instant(DataTypeChecks.getPrecision(type)), ZoneOffset.UTC);
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> instant(DataTypeChecks.getPrecision(type));
      case ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          list.add(valueOrNull(((ArrayType) type).getElementType()));
        }
        yield list;
      }
      case MAP -> map(((MapType) type).getKeyType(), ((MapType) type).getValueType());
      case MULTISET -> map(((MultisetType) type).getElementType(), new IntType(false));
      case ROW -> row((RowType) type);
      case VARIANT -> throw new AssertionError("not mapped");
    };
  }

  private Map<Object, @Nullable Object> map(DataType keyType, DataType valueType) {
    Map<Object, @Nullable Object> map = new HashMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      map.put(value(keyType), valueOrNull(valueType));
    }
    return map;
  }

  /** Between 1844 and 2096. */
  private Instant instant(int precision) {
    return Instant.ofEpochSecond(random.nextLong(-4_000_000_000L, 4_000_000_000L))
        .plusNanos(nanos(precision));
  }

  private int nanos(int precision) {
    int unit = (int) Math.pow(10, 9 - precision);
    return random.nextInt(1_000_000_000) / unit * unit;
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
