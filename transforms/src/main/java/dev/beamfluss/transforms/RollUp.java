package dev.beamfluss.transforms;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Makes of each row one for each grouping set, as SQL does for GROUPING SETS: dimensions that are
 * not in it have a value that stands for all. For what aggregates by the columns afterwards, such
 * as {@link BitmapUv#collect}; counts are had for less by {@link CubeCounts}, which adds up first.
 *
 * <p>Without state, so a replayed row gives the same rows again. A row that has the value that
 * stands for all is counted as any other, and so also in the sums' place: keep it out before.
 */
public final class RollUp extends PTransform<PCollection<Row>, PCollection<Row>> {
  private final String all;
  private final List<String> dimensions;
  private final List<List<String>> sets;

  private RollUp(String all, List<String> dimensions, List<List<String>> sets) {
    this.all = all;
    this.dimensions = dimensions;
    this.sets = sets;
  }

  /**
   * To these sets.
   *
   * @param all what stands for all values
   * @param dimensions STRING columns; the others stay as they are
   * @param sets at most 1,024, of some dimensions each
   */
  public static RollUp of(String all, List<String> dimensions, List<List<String>> sets) {
    GroupingSets.checkSets("RollUp", dimensions, sets);
    return new RollUp(all, List.copyOf(dimensions), sets.stream().map(List::copyOf).toList());
  }

  /**
   * The sets of SQL's CUBE: all combinations of these, from all of them to none.
   *
   * @param dimensions 1 to 10
   */
  public static List<List<String>> combinations(List<String> dimensions) {
    return GroupingSets.cube("combinations", dimensions);
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> rows) {
    Schema schema = rows.getSchema();
    for (String column : dimensions) {
      if (!schema.hasField(column)
          || schema.getField(column).getType().getTypeName() != Schema.TypeName.STRING) {
        throw new IllegalArgumentException(
            String.format(
                "Dimension %s must be a STRING column of the input, which has %s.",
                column, schema.getFieldNames()));
      }
    }
    List<int[]> replaced = new ArrayList<>();
    for (Set<String> set : GroupingSets.different(sets)) {
      replaced.add(
          dimensions.stream()
              .filter(column -> !set.contains(column))
              .mapToInt(schema::indexOf)
              .toArray());
    }
    return rows.apply("Roll up", ParDo.of(new RollUpFn(schema, all, replaced)))
        .setRowSchema(schema);
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("groupingSets", sets.toString()))
        .add(DisplayData.item("rolledUpAs", all));
  }

  private static final class RollUpFn extends DoFn<Row, Row> {
    private final Schema schema;
    private final String all;
    private final ArrayList<int[]> replaced;

    RollUpFn(Schema schema, String all, List<int[]> replaced) {
      this.schema = schema;
      this.all = all;
      this.replaced = new ArrayList<>(replaced);
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<Row> out) {
      for (int[] positions : replaced) {
        List<@Nullable Object> values = new ArrayList<>(row.getValues());
        for (int position : positions) {
          values.set(position, all);
        }
        out.output(Row.withSchema(schema).attachValues(values));
      }
    }
  }
}
