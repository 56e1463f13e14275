package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.bucketing.BucketingFunction;
import org.apache.fluss.row.encode.KeyEncoder;

/**
 * The number of the bucket, and of the partition, that a row goes to: rows with the same number are
 * written by one worker.
 */
final class BucketOf<T> implements SerializableFunction<T, Integer>, Serializable {
  private final FlussTable table;
  private final WriteShape<T> shape;
  private final Schema schema;

  private transient RowEncoder keys;
  private transient KeyEncoder encoder;
  private transient BucketingFunction buckets;
  private transient int[] partitionFields;

  BucketOf(FlussTable table, WriteShape<T> shape, Schema schema) {
    if (table.bucketKey().isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no bucket key: any row may go to any bucket, so there is nothing to"
                  + " shuffle by. Leave out withBucketShuffle().",
              table.path()));
    }
    this.table = table;
    this.shape = shape;
    this.schema = schema;
  }

  /** A row that has no bucket, as a key column is null, goes anywhere: it will be refused there. */
  @Override
  public Integer apply(T element) {
    if (keys == null) {
      open();
    }
    Row row = shape.row(element);
    int partition = 1;
    for (int field : partitionFields) {
      partition = 31 * partition + Objects.hashCode(row.getValue(field));
    }
    int bucket;
    try {
      bucket = buckets.bucketing(encoder.encodeKey(keys.encode(row)), table.buckets());
    } catch (IllegalArgumentException e) {
      bucket = 0;
    }
    return 31 * partition + bucket;
  }

  private void open() {
    List<String> bucketKey = table.bucketKey();
    encoder = KeyEncoder.ofBucketKeyEncoder(table.rowType(), bucketKey, table.lakeFormat());
    buckets = BucketingFunction.of(table.lakeFormat());
    partitionFields = table.partitionColumns().stream().mapToInt(schema::indexOf).toArray();
    keys = new RowEncoder(table.path(), table.rowType(), bucketKey, schema);
  }
}
