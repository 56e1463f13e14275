package dev.beamfluss.transforms;

import com.google.auto.value.AutoValue;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Gives rows the day and the minute of their event time, and leaves of their columns those that
 * they are to be grouped by: what can be the key of a table, as none is null.
 *
 * <pre>{@code
 * views.apply(ByMinute.of("client", "page").passing("user_id"))   // ds, mm, client, page, user_id
 * }</pre>
 *
 * <p>Each row is looked at for itself, without state, so a row that comes again gives the same
 * again. Timestamps and windows stay.
 */
@AutoValue
public abstract class ByMinute extends PTransform<PCollection<Row>, PCollection<Row>> {
  private static final long MINUTE = 60_000;

  abstract List<String> columns();

  abstract List<String> passed();

  abstract String nullsAs();

  abstract String dayColumn();

  abstract String minuteColumn();

  abstract ZoneId zone();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setColumns(List<String> columns);

    abstract Builder setPassed(List<String> columns);

    abstract Builder setNullsAs(String value);

    abstract Builder setDayColumn(String column);

    abstract Builder setMinuteColumn(String column);

    abstract Builder setZone(ZoneId zone);

    abstract ByMinute build();
  }

  /** With these STRING columns, which come after day and minute. */
  public static ByMinute of(String... columns) {
    return new AutoValue_ByMinute.Builder()
        .setColumns(List.of(columns))
        .setPassed(List.of())
        .setNullsAs("unknown")
        .setDayColumn("ds")
        .setMinuteColumn("mm")
        .setZone(ZoneId.of("UTC"))
        .build();
  }

  /** Further columns that come through as they are, at the end. */
  public ByMinute passing(String... columns) {
    return toBuilder().setPassed(List.of(columns)).build();
  }

  /** What stands for null in the columns of {@link #of}: {@code unknown} by default. */
  public ByMinute withNullsAs(String value) {
    return toBuilder().setNullsAs(value).build();
  }

  /**
   * The columns for the day ({@code yyyyMMdd}) and the minute ({@code HHmm}), and the zone that
   * both are of: {@code ds}, {@code mm} and UTC by default.
   */
  public ByMinute withTimeColumns(String day, String minute, ZoneId zone) {
    return toBuilder().setDayColumn(day).setMinuteColumn(minute).setZone(zone).build();
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> rows) {
    Schema input = rows.getSchema();
    Schema schema = schema(input);
    List<String> read = new ArrayList<>(columns());
    read.addAll(passed());
    MinuteFn fn =
        new MinuteFn(
            schema,
            read.stream().mapToInt(input::indexOf).toArray(),
            columns().size(),
            nullsAs(),
            zone().getId());
    return rows.apply("Group", ParDo.of(fn)).setRowSchema(schema);
  }

  private Schema schema(Schema input) {
    Schema.Builder schema =
        Schema.builder().addStringField(dayColumn()).addStringField(minuteColumn());
    for (String column : columns()) {
      requireColumn(input, column);
      Schema.TypeName type = input.getField(column).getType().getTypeName();
      if (type != Schema.TypeName.STRING) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is %s. What is grouped by must be STRING; map it to one before.",
                column, type));
      }
      schema.addStringField(column);
    }
    for (String column : passed()) {
      requireColumn(input, column);
      schema.addField(input.getField(column));
    }
    return schema.build();
  }

  private static void requireColumn(Schema input, String column) {
    if (!input.hasField(column)) {
      throw new IllegalArgumentException(
          String.format("The input has no column %s, only %s.", column, input.getFieldNames()));
    }
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("columns", String.join(",", columns())))
        .add(DisplayData.item("passed", String.join(",", passed())))
        .add(DisplayData.item("nullsAs", nullsAs()))
        .add(DisplayData.item("zone", zone().getId()));
  }

  static final class MinuteFn extends DoFn<Row, Row> {
    private final Schema schema;
    private final int[] positions;
    private final int grouped;
    private final String nullsAs;
    private final String zone;

    private transient DateTimeFormatter days;
    private transient DateTimeFormatter minutes;

    /** The minute that came last, as most rows are of the same one. */
    private transient long last;

    private transient @Nullable String lastDay;
    private transient @Nullable String lastMinute;

    MinuteFn(Schema schema, int[] positions, int grouped, String nullsAs, String zone) {
      this.schema = schema;
      this.positions = positions;
      this.grouped = grouped;
      this.nullsAs = nullsAs;
      this.zone = zone;
    }

    @Setup
    public void setup() {
      days = DateTimeFormatter.ofPattern("yyyyMMdd").withZone(ZoneId.of(zone));
      minutes = DateTimeFormatter.ofPattern("HHmm").withZone(ZoneId.of(zone));
      lastDay = null;
    }

    @ProcessElement
    public void process(
        @Element Row row, @Timestamp org.joda.time.Instant time, OutputReceiver<Row> out) {
      long minute = Math.floorDiv(time.getMillis(), MINUTE);
      if (lastDay == null || minute != last) {
        Instant start = Instant.ofEpochMilli(minute * MINUTE);
        lastDay = days.format(start);
        lastMinute = minutes.format(start);
        last = minute;
      }
      List<@Nullable Object> values = new ArrayList<>(positions.length + 2);
      values.add(lastDay);
      values.add(lastMinute);
      for (int i = 0; i < positions.length; i++) {
        Object value = row.getValue(positions[i]);
        values.add(value == null && i < grouped ? nullsAs : value);
      }
      out.output(Row.withSchema(schema).attachValues(values));
    }
  }
}
