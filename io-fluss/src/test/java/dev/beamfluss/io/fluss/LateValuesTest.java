package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.local.FlussExtension;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.util.SerializableUtils;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LateValuesTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final LocalDateTime LOCAL = LocalDateTime.parse("2026-02-03T04:05:06.789012");
  private static final Instant MOMENT = Instant.parse("1969-12-31T23:59:59.999Z");
  private static final BigDecimal PRICE = new BigDecimal("-12345.67");
  private static final String TEXT = "gr\u00fc\u00dfe \ud83d\ude00";

  private static final org.apache.beam.sdk.schemas.Schema SCHEMA =
      org.apache.beam.sdk.schemas.Schema.builder()
          .addStringField("text")
          .addField("price", FieldType.DECIMAL)
          .addInt64Field("n")
          .addNullableField("none", FieldType.STRING)
          .build();

  private static Object[] late() {
    return new Object[] {
      LateValues.of(BinaryString.fromString(TEXT)), Decimal.fromBigDecimal(PRICE, 10, 2), 7L, null
    };
  }

  private static Row lateRow() {
    return Row.withSchema(SCHEMA).attachValues(new LateValues(late()));
  }

  private static Row eagerRow() {
    return Row.withSchema(SCHEMA).attachValues(Arrays.asList(TEXT, PRICE, 7L, null));
  }

  @Test
  void valuesAreThoseThatAnEagerRowHas() {
    List<Object> values =
        new LateValues(
            new Object[] {
              LateValues.of(BinaryString.fromString(TEXT)),
              LateValues.of(BinaryString.fromBytes(bytes("xabcx"), 1, 3)),
              LateValues.of(BinaryString.fromString("")),
              Decimal.fromBigDecimal(PRICE, 10, 2),
              TimestampNtz.fromLocalDateTime(LOCAL),
              TimestampLtz.fromInstant(MOMENT),
              null,
              1,
              true
            });
    List<Object> expected = Arrays.asList(TEXT, "abc", "", PRICE, LOCAL, MOMENT, null, 1, true);
    for (int round = 0; round < 2; round++) {
      assertThat(values, equalTo(expected));
      assertThat(expected, equalTo(values));
      assertThat(values.hashCode(), equalTo(expected.hashCode()));
    }
  }

  @Test
  void rowsAreEqualToEagerOnesInEveryWay() throws Exception {
    assertThat(lateRow(), equalTo(eagerRow()));
    assertThat(eagerRow(), equalTo(lateRow()));
    assertThat(lateRow().hashCode(), equalTo(eagerRow().hashCode()));
    assertThat(lateRow().toString(), equalTo(eagerRow().toString()));
    assertThat(SerializableUtils.clone(lateRow()), equalTo(eagerRow()));
    assertThat(CoderUtils.clone(RowCoder.of(SCHEMA), lateRow()), equalTo(eagerRow()));
  }

  @Test
  void manyMayAskAtOnce() throws Exception {
    int threads = 4;
    CyclicBarrier together = new CyclicBarrier(threads);
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 500; round++) {
        Row row = lateRow();
        Callable<Boolean> ask =
            () -> {
              together.await(10, TimeUnit.SECONDS);
              return row.equals(eagerRow());
            };
        List<Future<Boolean>> answers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          answers.add(executor.submit(ask));
        }
        for (Future<Boolean> answer : answers) {
          assertThat(answer.get(10, TimeUnit.SECONDS), equalTo(true));
        }
      }
    } finally {
      executor.shutdownNow();
    }
  }

  /** First looked at when their reader is closed and others' rows have used its buffers. */
  @ParameterizedTest
  @CsvSource({"ARROW, false", "INDEXED, false", "ARROW, true", "COMPACTED, true"})
  void rowsOutliveTheirReader(String format, boolean keyed) throws IOException {
    FlussTable table = cluster(fluss).describe(everyType(format, keyed));
    int number = 500;
    List<Row> expected = new ArrayList<>();
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      for (int i = 0; i < number; i++) {
        Row row = row(table, i);
        expected.add(row);
        writer.upsert(row);
      }
      writer.flush();
    }
    ReadSpec spec = ReadSpec.builder(table).setStart(Position.earliest()).build();
    List<Row> rows;
    try (Reading reading = new Reading(new UnboundedLogSource(spec), null)) {
      reading.untilRows(number);
      rows = reading.rows;
    }
    Stretch other = Stretch.upToNow(spec);
    assertThat(rows, equalTo(expected));
    assertThat(other.rows, equalTo(expected));
  }

  private static String everyType(String format, boolean keyed) {
    Schema.Builder schema =
        Schema.newBuilder()
            .column("id", DataTypes.INT())
            .column("string", DataTypes.STRING())
            .column("chars", DataTypes.CHAR(5))
            .column("bytes", DataTypes.BYTES())
            .column("binary", DataTypes.BINARY(3))
            .column("small_decimal", DataTypes.DECIMAL(10, 2))
            .column("large_decimal", DataTypes.DECIMAL(38, 3))
            .column("bool", DataTypes.BOOLEAN())
            .column("byte", DataTypes.TINYINT())
            .column("short", DataTypes.SMALLINT())
            .column("long", DataTypes.BIGINT())
            .column("float", DataTypes.FLOAT())
            .column("double", DataTypes.DOUBLE())
            .column("date", DataTypes.DATE())
            .column("time", DataTypes.TIME(3))
            .column("local_millis", DataTypes.TIMESTAMP(3))
            .column("local_micros", DataTypes.TIMESTAMP(6))
            .column("moment", DataTypes.TIMESTAMP_LTZ(3))
            .column("list", DataTypes.ARRAY(DataTypes.STRING()))
            .column("map", DataTypes.MAP(DataTypes.STRING(), DataTypes.BIGINT()))
            .column(
                "nested",
                DataTypes.ROW(
                    DataTypes.FIELD("a", DataTypes.STRING()),
                    DataTypes.FIELD("b", DataTypes.DECIMAL(5, 1))));
    if (keyed) {
      schema.primaryKey("id");
    }
    return TestTables.create(
        fluss,
        "every_type",
        TableDescriptor.builder()
            .schema(schema.build())
            .distributedBy(1)
            .property("table.log.format", format)
            .build());
  }

  private static Row row(FlussTable table, int i) {
    if (i % 10 == 9) {
      Object[] nulls = new Object[table.schema().getFieldCount()];
      nulls[0] = i;
      return Row.withSchema(table.schema()).attachValues(Arrays.asList(nulls));
    }
    return Row.withSchema(table.schema())
        .addValues(
            i,
            TEXT + i,
            "c%04d".formatted(i),
            bytes("bytes" + i),
            bytes("%03d".formatted(i)),
            PRICE.add(BigDecimal.valueOf(i)),
            new BigDecimal("12345678901234567890123456789.123").add(BigDecimal.valueOf(i)),
            i % 2 == 0,
            (byte) i,
            (short) i,
            (long) i << 33,
            i / 3f,
            i / 3d,
            LocalDate.ofEpochDay(i),
            LocalTime.ofSecondOfDay(i).plusNanos(5_000_000),
            LOCAL.withNano(i * 1_000_000),
            LOCAL.withNano(i * 1_000),
            MOMENT.plusMillis(i),
            List.of("x" + i, "y"),
            Map.of("k" + i, (long) i),
            Row.withSchema(table.schema().getField("nested").getType().getRowSchema())
                .addValues("in" + i, new BigDecimal(i + ".5"))
                .build())
        .build();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
