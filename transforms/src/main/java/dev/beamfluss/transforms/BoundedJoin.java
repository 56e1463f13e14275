package dev.beamfluss.transforms;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.join.CoGbkResult;
import org.apache.beam.sdk.transforms.join.CoGroupByKey;
import org.apache.beam.sdk.transforms.join.KeyedPCollectionTuple;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The join of a {@link DeltaJoin}, of bounded inputs: the same columns, condition, rows without a
 * match, computed columns and stand-ins, by {@link CoGroupByKey}. Made by {@link
 * DeltaJoin#bounded()}.
 *
 * <p>Takes the rows of the sides in their order: left, right, then the others. A row that is null
 * in a join column matches nothing and is left out, as a table has no such row. All rows of a join
 * key are in memory at once.
 */
public final class BoundedJoin extends PTransform<PCollectionList<Row>, PCollection<Row>> {
  /** Rows that were grouped need not be told apart. */
  private static final Values NO_KEY = Values.of();

  private final int sides;
  private final transient Function<List<Schema>, JoinShape> shape;

  BoundedJoin(int sides, Function<List<Schema>, JoinShape> shape) {
    this.sides = sides;
    this.shape = shape;
  }

  /**
   * @throws IllegalArgumentException if there are not as many inputs as sides, one of them is
   *     unbounded, or their columns do not fit the join
   */
  @Override
  public PCollection<Row> expand(PCollectionList<Row> inputs) {
    if (inputs.size() != sides) {
      throw new IllegalArgumentException(
          String.format("The join has %d sides, but %d inputs were given.", sides, inputs.size()));
    }
    for (PCollection<Row> input : inputs.getAll()) {
      if (input.isBounded() == IsBounded.UNBOUNDED) {
        throw new IllegalArgumentException(
            String.format(
                "Input %s is unbounded. Apply the DeltaJoin itself to follow tables.",
                input.getName()));
      }
    }
    JoinShape joined = shape.apply(inputs.getAll().stream().map(PCollection::getSchema).toList());
    List<TupleTag<Row>> tags = new ArrayList<>();
    @Nullable KeyedPCollectionTuple<Row> keyed = null;
    for (int side = 0; side < sides; side++) {
      TupleTag<Row> tag = new TupleTag<>("side " + side);
      tags.add(tag);
      PCollection<KV<Row, Row>> ofSide =
          inputs
              .get(side)
              .apply("Key side " + (side + 1), ParDo.of(new KeyFn(joined, side)))
              .setCoder(
                  KvCoder.of(
                      RowCoder.of(joined.keySchema()), RowCoder.of(inputs.get(side).getSchema())));
      keyed = keyed == null ? KeyedPCollectionTuple.of(tag, ofSide) : keyed.and(tag, ofSide);
    }
    return keyed
        .apply("Group", CoGroupByKey.create())
        .apply("Join", ParDo.of(new JoinFn(joined, tags)))
        .setRowSchema(joined.outputSchema());
  }

  private static final class KeyFn extends DoFn<Row, KV<Row, Row>> {
    private final JoinShape shape;
    private final int side;
    private final Counter nullKeys = Metrics.counter(BoundedJoin.class, "rowsWithNullInJoinColumn");

    KeyFn(JoinShape shape, int side) {
      this.shape = shape;
      this.side = side;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<KV<Row, Row>> out) {
      for (String column : shape.keySchema().getFieldNames()) {
        if (row.getValue(column) == null) {
          nullKeys.inc();
          return;
        }
      }
      shape.keysOf(side, row).forEach(key -> out.output(KV.of(key, row)));
    }
  }

  private static final class JoinFn extends DoFn<KV<Row, CoGbkResult>, Row> {
    private final JoinShape shape;
    private final ArrayList<TupleTag<Row>> tags;

    JoinFn(JoinShape shape, List<TupleTag<Row>> tags) {
      this.shape = shape;
      this.tags = new ArrayList<>(tags);
    }

    @ProcessElement
    public void process(@Element KV<Row, CoGbkResult> group, OutputReceiver<Row> out) {
      List<List<JoinShape.SideRow>> rows = new ArrayList<>();
      for (int side = 0; side < tags.size(); side++) {
        List<String> columns = shape.sources(side);
        List<JoinShape.SideRow> ofSide = new ArrayList<>();
        for (Row row : group.getValue().getAll(tags.get(side))) {
          List<@Nullable Object> values = new ArrayList<>(columns.size());
          columns.forEach(column -> values.add(row.getValue(column)));
          ofSide.add(new JoinShape.SideRow(NO_KEY, values));
        }
        rows.add(ofSide);
      }
      shape.join(group.getKey(), rows).forEach(row -> out.output(row.output()));
    }
  }
}
