package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Counts the distinct ids of rows that {@link CollectBitmaps#intoRows} made: for each combination
 * of values of some columns, a bitmap of each shard, and the sum of their cardinalities. What
 * StarRocks computes with {@code BITMAP_UNION_COUNT(TO_BITMAP(..))} in option B of the reference's
 * scenario 5, for bounded input, or a window at a time. Rows that come twice count once.
 *
 * <p>Gives a row for each combination: the columns, and the counts as INT64.
 */
@AutoValue
public abstract class CountRows extends PTransform<PCollection<Row>, PCollection<Row>> {
  abstract List<String> by();

  abstract @Nullable IdShards shards();

  abstract @Nullable String shardColumn();

  abstract @Nullable String valueColumn();

  abstract @Nullable String kindColumn();

  abstract List<CountBitmaps.Count> counts();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setBy(List<String> columns);

    abstract Builder setShards(IdShards shards);

    abstract Builder setShardColumn(String column);

    abstract Builder setValueColumn(String column);

    abstract Builder setKindColumn(String column);

    abstract Builder setCounts(List<CountBitmaps.Count> counts);

    abstract CountRows build();
  }

  static CountRows create() {
    return new AutoValue_CountRows.Builder().setBy(List.of()).setCounts(List.of()).build();
  }

  /** The columns of which each combination of values is counted. Required, but may be none. */
  public CountRows by(String... columns) {
    return toBuilder().setBy(List.of(columns)).build();
  }

  /** As the rows were collected with; the column is an INT32. Required. */
  public CountRows withShards(IdShards shards, String column) {
    return toBuilder().setShards(shards).setShardColumn(column).build();
  }

  /** What an id is in its shard, an INT32 or INT64. Required. */
  public CountRows ofValues(String column) {
    return toBuilder().setValueColumn(column).build();
  }

  /** Which kind a row is of, a STRING; without it all are of the kind "". */
  public CountRows ofKinds(String column) {
    return toBuilder().setKindColumn(column).build();
  }

  /** Counts the ids of a kind. This or {@link #countingAll} is required. */
  public CountRows counting(String kind, String as) {
    return with(CountBitmaps.Count.of(as, kind));
  }

  /** Counts the ids that are of all of some kinds. */
  public CountRows countingAll(String as, String... kinds) {
    if (kinds.length == 0) {
      throw new IllegalArgumentException("countingAll takes the names of kinds.");
    }
    return with(CountBitmaps.Count.of(as, kinds));
  }

  private CountRows with(CountBitmaps.Count count) {
    List<CountBitmaps.Count> all = new ArrayList<>(counts());
    all.add(count);
    return toBuilder().setCounts(all).build();
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    checkArgumentNotNull(shards(), "Say how ids were spread with withShards(..).");
    checkArgumentNotNull(valueColumn(), "Name the column of the values with ofValues(..).");
    if (counts().isEmpty()) {
      throw new IllegalArgumentException(
          "Say what is counted with counting(..) or countingAll(..).");
    }
    Schema rows = input.getSchema();
    Set<String> wanted = new LinkedHashSet<>(by());
    wanted.add(shardColumn());
    wanted.add(valueColumn());
    if (kindColumn() != null) {
      wanted.add(kindColumn());
    }
    for (String column : wanted) {
      if (!rows.hasField(column)) {
        throw new IllegalArgumentException(
            String.format("The input has no column %s, only %s.", column, rows.getFieldNames()));
      }
    }
    Schema.Builder by = Schema.builder();
    by().forEach(column -> by.addField(rows.getField(column)));
    Schema key = by.build();
    Schema shard = Schema.builder().addFields(key.getFields()).addInt32Field("shard").build();
    Schema kind = Schema.builder().addFields(shard.getFields()).addStringField("kind").build();
    Schema.Builder sums = Schema.builder();
    counts().forEach(count -> sums.addInt64Field(count.as()));
    Schema counted = sums.build();
    Schema result =
        Schema.builder().addFields(key.getFields()).addFields(counted.getFields()).build();
    return input
        .apply("Key", ParDo.of(new KeyFn(this, rows, kind)))
        .setCoder(KvCoder.of(RowCoder.of(kind), VarLongCoder.of()))
        .apply("Collect", Combine.perKey(IdBitmap.combineFn(shards().type())))
        .setCoder(KvCoder.of(RowCoder.of(kind), IdBitmap.coder()))
        .apply("By shard", ParDo.of(new ByShardFn(shard)))
        .setCoder(
            KvCoder.of(RowCoder.of(shard), KvCoder.of(StringUtf8Coder.of(), IdBitmap.coder())))
        .apply("Bitmaps of a shard", GroupByKey.create())
        .apply("Count", ParDo.of(new CountFn(key, counted, counts())))
        .setCoder(KvCoder.of(RowCoder.of(key), RowCoder.of(counted)))
        .apply("Sum", Combine.perKey(CountRows::sum))
        .setCoder(KvCoder.of(RowCoder.of(key), RowCoder.of(counted)))
        .apply("To rows", ParDo.of(new ToRowFn(result)))
        .setRowSchema(result);
  }

  private static Row sum(Iterable<Row> counts) {
    @Nullable Row sum = null;
    for (Row next : counts) {
      if (sum == null) {
        sum = next;
        continue;
      }
      Row.Builder added = Row.withSchema(next.getSchema());
      for (int i = 0; i < next.getFieldCount(); i++) {
        added.addValue(sum.getInt64(i) + next.getInt64(i));
      }
      sum = added.build();
    }
    return checkArgumentNotNull(sum, "Beam sums up at least one");
  }

  private static final class KeyFn extends DoFn<Row, KV<Row, Long>> {
    private static final long serialVersionUID = 1L;

    private final int[] keyPositions;
    private final int shardPosition;
    private final int kindPosition;
    private final int valuePosition;
    private final Schema kind;
    private final ArrayList<String> kinds = new ArrayList<>();

    KeyFn(CountRows count, Schema rows, Schema kind) {
      this.keyPositions = count.by().stream().mapToInt(rows::indexOf).toArray();
      this.shardPosition = rows.indexOf(count.shardColumn());
      this.kindPosition = count.kindColumn() == null ? -1 : rows.indexOf(count.kindColumn());
      this.valuePosition = rows.indexOf(count.valueColumn());
      this.kind = kind;
      count.counts().forEach(c -> kinds.addAll(c.columns()));
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<KV<Row, Long>> out) {
      String ofRow = kindPosition < 0 ? "" : row.getString(kindPosition);
      if (!kinds.contains(ofRow)) {
        return;
      }
      @Nullable Object[] key = new Object[keyPositions.length + 2];
      for (int i = 0; i < keyPositions.length; i++) {
        key[i] = row.getValue(keyPositions[i]);
      }
      key[keyPositions.length] = row.getValue(shardPosition);
      key[keyPositions.length + 1] = ofRow;
      Number value = row.getValue(valuePosition);
      if (value == null || key[keyPositions.length] == null) {
        throw new IllegalArgumentException(
            String.format("Row %s has no shard or no value in it.", row.getValues()));
      }
      out.output(KV.of(Values.of(key).toRow(kind), value.longValue()));
    }
  }

  private static final class ByShardFn
      extends DoFn<KV<Row, IdBitmap>, KV<Row, KV<String, IdBitmap>>> {
    private static final long serialVersionUID = 1L;

    private final Schema shard;

    ByShardFn(Schema shard) {
      this.shard = shard;
    }

    @ProcessElement
    public void process(
        @Element KV<Row, IdBitmap> element, OutputReceiver<KV<Row, KV<String, IdBitmap>>> out) {
      Row key = element.getKey();
      int keys = shard.getFieldCount();
      out.output(
          KV.of(
              Values.of(key, 0, keys).toRow(shard),
              KV.of(key.getString(keys), element.getValue())));
    }
  }

  private static final class CountFn
      extends DoFn<KV<Row, Iterable<KV<String, IdBitmap>>>, KV<Row, Row>> {
    private static final long serialVersionUID = 1L;

    private final Schema key;
    private final Schema counted;
    private final ArrayList<CountBitmaps.Count> counts;

    CountFn(Schema key, Schema counted, List<CountBitmaps.Count> counts) {
      this.key = key;
      this.counted = counted;
      this.counts = new ArrayList<>(counts);
    }

    @ProcessElement
    public void process(
        @Element KV<Row, Iterable<KV<String, IdBitmap>>> element,
        OutputReceiver<KV<Row, Row>> out) {
      Map<String, IdBitmap> bitmaps = new HashMap<>();
      element.getValue().forEach(kind -> bitmaps.put(kind.getKey(), kind.getValue()));
      Row.Builder sums = Row.withSchema(counted);
      for (CountBitmaps.Count count : counts) {
        List<@Nullable IdBitmap> all = new ArrayList<>();
        count.columns().forEach(kind -> all.add(bitmaps.get(kind)));
        sums.addValue(IdBitmap.cardinalityOfAll(all));
      }
      out.output(
          KV.of(Values.of(element.getKey(), 0, key.getFieldCount()).toRow(key), sums.build()));
    }
  }

  private static final class ToRowFn extends DoFn<KV<Row, Row>, Row> {
    private static final long serialVersionUID = 1L;

    private final Schema result;

    ToRowFn(Schema result) {
      this.result = result;
    }

    @ProcessElement
    public void process(@Element KV<Row, Row> element, OutputReceiver<Row> out) {
      out.output(
          Row.withSchema(result)
              .addValues(element.getKey().getValues())
              .addValues(element.getValue().getValues())
              .build());
    }
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("by", String.join(",", by())))
        .addIfNotNull(DisplayData.item("shards", shards() == null ? null : shards().toString()));
  }
}
