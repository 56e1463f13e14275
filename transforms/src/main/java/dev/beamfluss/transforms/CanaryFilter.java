package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Keeps the rows of a canary release, which a key in a text of pairs tells from the others: the
 * reference's {@code WHERE KEYVALUE(args, ',', '=', 'release_type') = 'grey'} (scenario 4).
 *
 * <pre>{@code
 * logs.apply(CanaryFilter.of("args").where("release_type", "grey"));
 * }</pre>
 *
 * <p>Or keeps all rows, and says in a new column which are which, so that the canary release can be
 * compared with the base:
 *
 * <pre>{@code
 * logs.apply(
 *     CanaryFilter.of("args").where("release_type", "grey").labeling("release", "base"));
 * }</pre>
 *
 * <p>{@link KeyValue} says what value a text has. Every text has an answer, so no row is bad: one
 * whose text is null, has no such key or another value is not of the canary release. Where a column
 * of its own has the release, {@link #ofColumn} goes by that, and the text need not be read at all.
 *
 * <p>The text, which is most of such a row, is left out of what comes out, unless {@link
 * #keepingText()} asks for it. The other columns stay as they are and in their order; the new one
 * is the last.
 *
 * <p>Each row is looked at for itself, without state, so a row that comes again gives the same
 * again: what is written of it is repeated only as often as the input is. Timestamps, windows and
 * panes stay. Metrics: {@code rowsPassed}, all rows, and {@code rowsKept}, those of the canary
 * release.
 */
@AutoValue
public abstract class CanaryFilter extends PTransform<PCollection<Row>, PCollection<Row>> {
  abstract String column();

  abstract boolean text();

  abstract String pairDelimiter();

  abstract String keyValueDelimiter();

  abstract @Nullable String key();

  abstract @Nullable String value();

  abstract boolean keepsText();

  abstract @Nullable String labelColumn();

  abstract @Nullable String otherLabel();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setColumn(String column);

    abstract Builder setText(boolean isText);

    abstract Builder setPairDelimiter(String delimiter);

    abstract Builder setKeyValueDelimiter(String delimiter);

    abstract Builder setKey(String key);

    abstract Builder setValue(String value);

    abstract Builder setKeepsText(boolean keepsText);

    abstract Builder setLabelColumn(String column);

    abstract Builder setOtherLabel(String label);

    abstract CanaryFilter build();
  }

  /**
   * Keeps rows by their text in a column.
   *
   * @param textColumn a STRING
   */
  public static CanaryFilter of(String textColumn) {
    return in(textColumn).build();
  }

  /**
   * Keeps rows by the whole value of a column, which stays.
   *
   * @param column a STRING
   * @param value what it is in the rows of the canary release, and in no others
   */
  public static CanaryFilter ofColumn(String column, String value) {
    return in(column).setText(false).setValue(value).setKeepsText(true).build();
  }

  private static Builder in(String column) {
    return new AutoValue_CanaryFilter.Builder()
        .setColumn(column)
        .setText(true)
        .setPairDelimiter(",")
        .setKeyValueDelimiter("=")
        .setKeepsText(false);
  }

  /** What is between pairs, and between key and value: {@code ","} and {@code "="} by default. */
  public CanaryFilter withPairs(String pairDelimiter, String keyValueDelimiter) {
    return toBuilder()
        .setPairDelimiter(pairDelimiter)
        .setKeyValueDelimiter(keyValueDelimiter)
        .build();
  }

  /**
   * The value that a key of the text has in the rows of the canary release, and in no others.
   * Required.
   */
  public CanaryFilter where(String key, String value) {
    if (!text()) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s is compared as a whole (ofColumn), so it has no key '%s'. Use of(\"%s\") for"
                  + " a text of pairs.",
              column(), key, column()));
    }
    return toBuilder().setKey(key).setValue(value).build();
  }

  /** Keeps the column of the text, too. */
  public CanaryFilter keepingText() {
    return toBuilder().setKeepsText(true).build();
  }

  /**
   * Keeps all rows, with a column more.
   *
   * @param column its name. It is a STRING that is never null: the value of {@link #where} in the
   *     rows of the canary release
   * @param others what it is in the others
   */
  public CanaryFilter labeling(String column, String others) {
    return toBuilder().setLabelColumn(column).setOtherLabel(others).build();
  }

  /**
   * The rows that are kept.
   *
   * @throws IllegalArgumentException if the input has no such column, or has the new one, or no
   *     text could ever have the value
   */
  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    Schema rows = input.getSchema();
    KeyValue keyValue = text() ? checkedKeyValue() : null;
    checkLabel();
    checkColumns(rows);
    int column = rows.indexOf(column());
    int[] kept =
        IntStream.range(0, rows.getFieldCount()).filter(i -> keepsText() || i != column).toArray();
    Schema.Builder fields = Schema.builder();
    for (int i : kept) {
      fields.addField(rows.getField(i));
    }
    if (labelColumn() != null) {
      fields.addStringField(labelColumn());
    }
    Schema result = fields.build();
    return input
        .apply(
            labelColumn() == null ? "Keep canary rows" : "Label rows",
            ParDo.of(new KeepFn(keyValue, value(), column, kept, otherLabel(), result)))
        .setRowSchema(result);
  }

  private KeyValue checkedKeyValue() {
    checkArgumentNotNull(key(), "Say which rows are kept with where(key, value).");
    KeyValue keyValue = KeyValue.of(pairDelimiter(), keyValueDelimiter(), key());
    if (!keyValue.matches(key() + keyValueDelimiter() + value(), value())) {
      throw new IllegalArgumentException(
          String.format(
              "No text has the value '%s' for the key '%s' with '%s' between pairs and '%s' between"
                  + " key and value, so no row would be kept. Neither these (withPairs) nor the key"
                  + " (where) may be empty, the key may have none of them in it, and the value none"
                  + " that is between pairs.",
              value(), key(), pairDelimiter(), keyValueDelimiter()));
    }
    return keyValue;
  }

  private void checkLabel() {
    if (value().equals(otherLabel())) {
      throw new IllegalArgumentException(
          String.format(
              "All rows would have '%s' in column %s. Give labeling(..) another label for those"
                  + " that are not of the canary release.",
              value(), labelColumn()));
    }
  }

  private void checkColumns(Schema rows) {
    if (!rows.hasField(column())) {
      throw new IllegalArgumentException(
          String.format(
              "The input has no column %s, only %s. Name the one that tells the canary release, and"
                  + " read it (withColumns).",
              column(), rows.getFieldNames()));
    }
    Schema.FieldType type = rows.getField(column()).getType();
    if (type.getTypeName() != Schema.TypeName.STRING) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s must be a STRING to tell the canary release, and is %s.", column(), type));
    }
    if (labelColumn() != null && rows.hasField(labelColumn())) {
      throw new IllegalArgumentException(
          String.format(
              "The input has a column %s already: %s. Give labeling(..) another name.",
              labelColumn(), rows.getFieldNames()));
    }
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    if (text()) {
      builder
          .add(DisplayData.item("pairDelimiter", pairDelimiter()))
          .add(DisplayData.item("keyValueDelimiter", keyValueDelimiter()))
          .addIfNotNull(DisplayData.item("key", key()));
    }
    builder
        .add(DisplayData.item("column", column()))
        .addIfNotNull(DisplayData.item("value", value()))
        .add(DisplayData.item("keepsText", keepsText()))
        .addIfNotNull(DisplayData.item("labelColumn", labelColumn()))
        .addIfNotNull(DisplayData.item("otherLabel", otherLabel()));
  }

  private static final class KeepFn extends DoFn<Row, Row> {
    private static final long serialVersionUID = 1L;

    /** Null if the column is compared as a whole. */
    private final @Nullable KeyValue keyValue;

    private final String value;
    private final int column;
    private final int[] kept;

    /** Null if the others are left out. */
    private final @Nullable String otherLabel;

    private final Schema result;
    private final Counter rowsPassed = Metrics.counter(CanaryFilter.class, "rowsPassed");
    private final Counter rowsKept = Metrics.counter(CanaryFilter.class, "rowsKept");

    KeepFn(
        @Nullable KeyValue keyValue,
        String value,
        int column,
        int[] kept,
        @Nullable String otherLabel,
        Schema result) {
      this.keyValue = keyValue;
      this.value = value;
      this.column = column;
      this.kept = kept;
      this.otherLabel = otherLabel;
      this.result = result;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<Row> out) {
      rowsPassed.inc();
      String found = row.getString(column);
      boolean isCanary = keyValue == null ? value.equals(found) : keyValue.matches(found, value);
      if (isCanary) {
        rowsKept.inc();
      }
      if (isCanary || otherLabel != null) {
        out.output(outputRow(row, isCanary));
      }
    }

    private Row outputRow(Row row, boolean isCanary) {
      List<@Nullable Object> values = new ArrayList<>(result.getFieldCount());
      for (int i : kept) {
        values.add(row.getValue(i));
      }
      if (otherLabel != null) {
        values.add(isCanary ? value : otherLabel);
      }
      return Row.withSchema(result).attachValues(values);
    }
  }
}
