package dev.beamfluss.io.paimon;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.paimon.data.BinaryRow;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.serializer.InternalRowSerializer;
import org.apache.paimon.table.sink.RowKeyExtractor;
import org.apache.paimon.table.sink.RowKindGenerator;
import org.apache.paimon.utils.InternalRowPartitionComputer;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/**
 * Gathers the rows of a bundle by bucket, as Paimon's key extractor has it. What cannot be written
 * is refused here, before anything is kept of it.
 */
final class ChunkRows<T> extends DoFn<T, KV<byte[], byte[]>> {
  static final TupleTag<KV<byte[], byte[]>> CHUNKS = new TupleTag<>() {};

  private static final int CHUNK_BYTES = 128 << 10;
  private static final int ALL_CHUNKS_BYTES = 32 << 20;

  private final WriteTarget target;
  private final WriteShape<T> shape;
  private final Schema schema;
  private final Coder<T> coder;
  private final BadRecordRouter badRecords;
  private final Counter rowsRefused = Metrics.counter(PaimonIO.class, "rowsRefused");

  private transient boolean hasBuckets;
  private transient RowEncoder encoder;
  private transient RowKeyExtractor extractor;
  private transient InternalRowSerializer serializer;
  private transient @Nullable RowKindGenerator kinds;
  private transient InternalRowPartitionComputer partitions;
  private transient Map<BinaryRow, Map<Integer, Chunk>> chunks;
  private transient Instant last;
  private transient long bytes;
  private transient int shard;

  private static final class Chunk {
    final byte[] key;
    RowChunk rows = new RowChunk();

    Chunk(byte[] key) {
      this.key = key;
    }
  }

  private interface Emitter {
    void emit(KV<byte[], byte[]> chunk);
  }

  ChunkRows(
      WriteTarget target,
      WriteShape<T> shape,
      Schema schema,
      Coder<T> coder,
      BadRecordRouter badRecords) {
    this.target = target;
    this.shape = shape;
    this.schema = schema;
    this.coder = coder;
    this.badRecords = badRecords;
  }

  @Setup
  public void setup() {
    var table = target.table();
    // the table looks for it in its options each time
    hasBuckets = target.hasBuckets();
    encoder = new RowEncoder(table.fullName(), table.rowType(), schema);
    extractor = table.createRowKeyExtractor();
    serializer = new InternalRowSerializer(table.rowType());
    kinds = RowKindGenerator.create(table.schema(), table.coreOptions());
    partitions =
        new InternalRowPartitionComputer(
            table.coreOptions().partitionDefaultName(),
            table.schema().logicalPartitionType(),
            table.partitionKeys().toArray(String[]::new),
            table.coreOptions().legacyPartitionName());
  }

  @StartBundle
  public void startBundle() {
    chunks = new HashMap<>();
    bytes = 0;
    shard = ThreadLocalRandom.current().nextInt(target.shards());
  }

  @ProcessElement
  public void process(@Element T element, @Timestamp Instant time, MultiOutputReceiver out)
      throws Exception {
    Chunk chunk;
    BinaryRow row;
    try {
      GenericRow encoded = encoder.encode(shape.row(element));
      encoded.setRowKind(shape.kind(element));
      requireKind(encoded);
      extractor.setRecord(encoded);
      chunk = chunk(extractor.partition());
      row = serializer.toBinaryRow(encoded);
    } catch (IllegalArgumentException e) {
      rowsRefused.inc();
      badRecords.route(out, element, coder, e, "This row can never be written: " + e.getMessage());
      return;
    }
    int before = chunk.rows.size();
    chunk.rows.add(row);
    bytes += chunk.rows.size() - before;
    last = time;
    if (chunk.rows.size() >= CHUNK_BYTES) {
      bytes -= chunk.rows.size();
      emit(chunk, out.get(CHUNKS)::output);
    } else if (bytes >= ALL_CHUNKS_BYTES) {
      emitAll(out.get(CHUNKS)::output);
    }
  }

  private void requireKind(GenericRow row) {
    if (kinds == null) {
      return;
    }
    try {
      var unused = kinds.generate(row);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          String.format(
              "The table takes the kind of a change from its column %s: %s",
              target.table().coreOptions().rowkindField().orElse(""), e.getMessage()),
          e);
    }
  }

  private Chunk chunk(BinaryRow partition) {
    Map<Integer, Chunk> ofPartition = chunks.get(partition);
    if (ofPartition == null) {
      requireOverwritten(partition);
      ofPartition = new HashMap<>();
      chunks.put(partition.copy(), ofPartition);
    }
    int number = hasBuckets ? extractor.bucket() : shard;
    Chunk chunk = ofPartition.get(number);
    if (chunk == null) {
      chunk = new Chunk(new BucketKey(partition, number).toBytes());
      ofPartition.put(number, chunk);
    }
    return chunk;
  }

  private void requireOverwritten(BinaryRow partition) {
    if (target.overwrite() != null && !target.overwrite().isEmpty()) {
      Map<String, String> values = partitions.generatePartValues(partition);
      if (!values.entrySet().containsAll(target.overwrite().entrySet())) {
        throw new IllegalArgumentException(
            String.format(
                "Its partition %s is not in the partition %s of table %s that is overwritten.",
                values, target.overwrite(), target.table().fullName()));
      }
    }
  }

  private void emitAll(Emitter out) {
    for (Map<Integer, Chunk> ofPartition : chunks.values()) {
      for (Chunk chunk : ofPartition.values()) {
        emit(chunk, out);
      }
    }
    // partitions that no row comes for any more would be kept otherwise
    chunks.clear();
    bytes = 0;
  }

  private static void emit(Chunk chunk, Emitter out) {
    if (chunk.rows.size() > 0) {
      out.emit(KV.of(chunk.key, chunk.rows.toBytes()));
      chunk.rows = new RowChunk();
    }
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    emitAll(chunk -> context.output(chunk, last, GlobalWindow.INSTANCE));
  }
}
