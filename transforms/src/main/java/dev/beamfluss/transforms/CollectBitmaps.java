package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Makes bitmaps of the ids of rows: for each bundle, and each combination of values of the columns
 * {@link #by}, one row for each shard that has ids, with the bitmap of these ids. A table whose
 * bitmap columns are merged ({@code rbm32}, {@code rbm64}) unites them: write them there with
 * {@code FlussIO.write()}, with {@code withColumns(..)} if it has more columns.
 *
 * <p>No Beam state, unless bitmaps are gathered ({@link #withGatherInterval}). A worker remembers
 * which ids it has given out ({@link #withKnownBitmaps}) and leaves these out of the next bundles:
 * so an id travels about once a worker, not once an event, and what the table's changelog holds
 * grows with the users, not with the events. It forgets when it starts anew, which costs a second
 * union of the same ids, and so never changes a result. Of a bundle that fails nothing is
 * remembered.
 *
 * <p>A row's timestamp is the latest of the rows it was made of. Metrics: {@code idsCollected}
 * (given out), {@code idsKnown} (left out), {@code bitmapBytesCollected}, {@code rowsOfOtherKinds}.
 */
@AutoValue
public abstract class CollectBitmaps extends PTransform<PCollection<Row>, PCollection<Row>> {
  static final int DEFAULT_KNOWN = 1_024;

  /** In how many groups bitmaps are gathered, each with one timer; bounds the parallelism. */
  private static final int GROUPS = 64;

  abstract @Nullable String idColumn();

  abstract List<String> by();

  abstract @Nullable IdShards shards();

  abstract @Nullable String shardColumn();

  abstract @Nullable String kindColumn();

  abstract Map<String, String> bitmapColumns();

  abstract int knownBitmaps();

  abstract Duration gatherInterval();

  abstract @Nullable String valueColumn();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setIdColumn(String column);

    abstract Builder setBy(List<String> columns);

    abstract Builder setShards(IdShards shards);

    abstract Builder setShardColumn(String column);

    abstract Builder setKindColumn(@Nullable String column);

    abstract Builder setBitmapColumns(Map<String, String> columns);

    abstract Builder setKnownBitmaps(int bitmaps);

    abstract Builder setGatherInterval(Duration interval);

    abstract Builder setValueColumn(@Nullable String column);

    abstract CollectBitmaps build();
  }

  static CollectBitmaps create() {
    return new AutoValue_CollectBitmaps.Builder()
        .setBy(List.of())
        .setBitmapColumns(Map.of())
        .setKnownBitmaps(DEFAULT_KNOWN)
        .setGatherInterval(Duration.ZERO)
        .build();
  }

  /** The column of the ids, an INT64 that is never null. Required. */
  public CollectBitmaps ofIds(String column) {
    return toBuilder().setIdColumn(column).build();
  }

  /** The columns of which each combination of values has bitmaps of its own. By default none. */
  public CollectBitmaps by(String... columns) {
    return toBuilder().setBy(List.of(columns)).build();
  }

  /** How ids are spread, and the column, an INT32, for the number of the shard. Required. */
  public CollectBitmaps withShards(IdShards shards, String column) {
    return toBuilder().setShards(shards).setShardColumn(column).build();
  }

  /**
   * The column for the bitmap, BYTES. This, {@link #into(String, Map)} or {@link #intoRows} is
   * required.
   */
  public CollectBitmaps into(String column) {
    return toBuilder()
        .setKindColumn(null)
        .setBitmapColumns(Map.of("", column))
        .setValueColumn(null)
        .build();
  }

  /**
   * A row for each id instead of bitmaps, with what it is in its shard: for a table of ids that is
   * counted later, in batch ({@link BitmapUv#countRows}). As with bitmaps an id comes about once a
   * worker, and again after a failure, so the table's primary key should be all columns of the row.
   *
   * @param column an INT32 if the shards are {@link IdShards#withIntValues}, else an INT64
   */
  public CollectBitmaps intoRows(String column) {
    return into("").toBuilder().setValueColumn(column).build();
  }

  /**
   * Columns for several bitmaps: which of them an id goes into is said by another column of its
   * row. The bitmaps of kinds that a bundle does not have are null, which leaves what the table has
   * as it is. Rows of kinds that are not named are left out and counted, {@code rowsOfOtherKinds}.
   *
   * @param kindColumn a STRING
   * @param columns by kind
   */
  public CollectBitmaps into(String kindColumn, Map<String, String> columns) {
    return toBuilder()
        .setKindColumn(kindColumn)
        .setBitmapColumns(new LinkedHashMap<>(columns))
        .setValueColumn(null)
        .build();
  }

  /**
   * How long bitmaps of one row of the table are united here before they are given out, so that the
   * table does so less often: each union writes the bitmap twice into its changelog, before and
   * after. Not at all by default, which makes a row for each bundle. Makes the input go through a
   * shuffle, of bitmaps; Beam state: the bitmaps of the interval, which a checkpoint holds, so that
   * none is lost; after a failure some may be given out again, which changes no union. A bounded
   * input is not gathered.
   */
  public CollectBitmaps withGatherInterval(Duration interval) {
    if (interval.isNegative()) {
      throw new IllegalArgumentException(
          "withGatherInterval takes zero for none, or a positive duration, not " + interval);
    }
    return toBuilder().setGatherInterval(interval).build();
  }

  /**
   * How many bitmaps of ids that were given out already a worker remembers: those used last. 1,024
   * by default, 0 for none. Each takes what its ids take, up to an eighth of a byte for each user
   * of the shard. Where rows of the table are deleted while this runs, 0 is what makes their ids
   * come again.
   */
  public CollectBitmaps withKnownBitmaps(int bitmaps) {
    if (bitmaps < 0) {
      throw new IllegalArgumentException(
          "withKnownBitmaps takes 0 for none, or more, not " + bitmaps);
    }
    return toBuilder().setKnownBitmaps(bitmaps).build();
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    checkArgumentNotNull(idColumn(), "Name the column of the ids with ofIds(..).");
    checkArgumentNotNull(shards(), "Say how ids are spread with withShards(..).");
    if (bitmapColumns().isEmpty()) {
      throw new IllegalArgumentException("Name the column of the bitmap with into(..).");
    }
    Schema rows = input.getSchema();
    require(rows, idColumn(), Schema.FieldType.INT64);
    if (kindColumn() != null) {
      require(rows, kindColumn(), Schema.FieldType.STRING);
    }
    Schema.Builder output = Schema.builder();
    Set<String> names = new LinkedHashSet<>();
    for (String column : by()) {
      add(names, column);
      output.addField(rows.getField(column(rows, column)));
    }
    add(names, shardColumn());
    output.addInt32Field(shardColumn());
    for (String column : new LinkedHashSet<>(bitmapColumns().values())) {
      add(names, column);
      output.addNullableField(column, Schema.FieldType.BYTES);
    }
    Schema bitmaps = output.build();
    PCollection<Row> collected =
        input
            .apply(
                "Collect",
                ParDo.of(
                    new CollectFn(
                        bitmaps,
                        rows.indexOf(idColumn()),
                        by().stream().mapToInt(rows::indexOf).toArray(),
                        kindColumn() == null ? -1 : rows.indexOf(kindColumn()),
                        positions(bitmaps),
                        shards(),
                        knownBitmaps())))
            .setRowSchema(bitmaps);
    if (valueColumn() != null) {
      return rows(collected, names);
    }
    return gatherInterval().isZero() || input.isBounded() == PCollection.IsBounded.BOUNDED
        ? collected
        : gathered(collected);
  }

  private PCollection<Row> rows(PCollection<Row> collected, Set<String> names) {
    add(names, valueColumn());
    Schema.Builder rows = Schema.builder();
    List<Schema.Field> fields = collected.getSchema().getFields();
    fields.subList(0, fields.size() - 1).forEach(rows::addField);
    rows.addField(
        valueColumn(), shards().hasIntValues() ? Schema.FieldType.INT32 : Schema.FieldType.INT64);
    Schema schema = rows.build();
    return collected
        .apply("Take apart", ParDo.of(new RowsFn(schema, shards())))
        .setRowSchema(schema);
  }

  private PCollection<Row> gathered(PCollection<Row> collected) {
    Schema bitmaps = collected.getSchema();
    int keys = by().size() + 1;
    return collected
        .apply("Key", ParDo.of(new KeyFn(keys)))
        .setCoder(KvCoder.of(VarIntCoder.of(), RowCoder.of(bitmaps)))
        .apply("Gather", ParDo.of(new GatherFn(bitmaps, keys, shards().type(), gatherInterval())))
        .setRowSchema(bitmaps);
  }

  /** By kind, which of the bitmaps of a row. */
  private Map<String, Integer> positions(Schema bitmaps) {
    Map<String, Integer> positions = new LinkedHashMap<>();
    bitmapColumns()
        .forEach((kind, column) -> positions.put(kind, bitmaps.indexOf(column) - by().size() - 1));
    return positions;
  }

  /** By a group of rows of the table; the columns by which it finds a row come first. */
  private static final class KeyFn extends DoFn<Row, KV<Integer, Row>> {
    private static final long serialVersionUID = 1L;

    private final int keys;

    KeyFn(int keys) {
      this.keys = keys;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<KV<Integer, Row>> out) {
      out.output(KV.of(Values.of(row, 0, keys).shard(GROUPS), row));
    }
  }

  /** A row for each number of a bitmap, which is the last column. */
  private static final class RowsFn extends DoFn<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Schema rows;
    private final IdShards shards;

    RowsFn(Schema rows, IdShards shards) {
      this.rows = rows;
      this.shards = shards;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<Row> out) {
      int value = rows.getFieldCount() - 1;
      IdBitmap.fromBytes(shards.type(), row.getBytes(value))
          .forEach(
              number -> {
                List<@Nullable Object> values = new ArrayList<>(row.getValues().subList(0, value));
                values.add(shards.hasIntValues() ? (Object) Math.toIntExact(number) : number);
                out.output(Row.withSchema(rows).attachValues(values));
              });
    }
  }

  private static void add(Set<String> names, String column) {
    if (!names.add(column)) {
      throw new IllegalArgumentException(
          String.format("Column %s is named twice among the columns to make.", column));
    }
  }

  private static String column(Schema rows, String column) {
    if (!rows.hasField(column)) {
      throw new IllegalArgumentException(
          String.format("The input has no column %s, only %s.", column, rows.getFieldNames()));
    }
    return column;
  }

  private static void require(Schema rows, String column, Schema.FieldType type) {
    Schema.FieldType found = rows.getField(column(rows, column)).getType();
    if (!found.withNullable(false).equals(type)) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of the input must be %s, not %s.",
              column, type.getTypeName(), found.getTypeName()));
    }
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .addIfNotNull(DisplayData.item("ids", idColumn()))
        .add(DisplayData.item("by", String.join(",", by())))
        .addIfNotNull(DisplayData.item("shards", shards() == null ? null : shards().toString()))
        .add(DisplayData.item("knownBitmaps", knownBitmaps()))
        .add(DisplayData.item("gatherInterval", gatherInterval().toString()));
  }
}
