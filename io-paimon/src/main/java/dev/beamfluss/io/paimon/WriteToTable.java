package dev.beamfluss.io.paimon;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.Impulse;
import org.apache.beam.sdk.transforms.KvSwap;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.join.CoGroupByKey;
import org.apache.beam.sdk.transforms.join.KeyedPCollectionTuple;
import org.apache.beam.sdk.transforms.windowing.DefaultTrigger;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.apache.beam.sdk.values.WindowingStrategy;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.sink.CommitMessage;
import org.joda.time.Duration;

/** Checks a write against its table, and makes the steps of it. */
final class WriteToTable<T> {
  private final PaimonIO.Write<T> write;

  WriteToTable(PaimonIO.Write<T> write) {
    this.write = write;
  }

  PaimonWriteResult apply(PCollection<T> input) {
    Schema schema = write.shape().schema(input);
    boolean bounded = input.isBounded() == PCollection.IsBounded.BOUNDED;
    WriteTarget target = target(schema, bounded);
    PCollection<KV<byte[], byte[]>> chunks = encode(input, schema, target);
    PCollectionTuple committed =
        bounded
            ? commitAtOnce(writeAtOnce(chunks, target), target)
            : commit(writeInIntervals(chunks, target), target);
    if (target.compacts()) {
      var unused =
          committed
              .get(Commits.BUCKETS)
              .setCoder(ByteArrayCoder.of())
              .apply("Bucket", WithKeys.of(0))
              .apply("Swap", KvSwap.create())
              .apply("Compact", ParDo.of(new CompactBuckets(target)));
    } else {
      committed.get(Commits.BUCKETS).setCoder(ByteArrayCoder.of());
    }
    return new PaimonWriteResult(committed.get(Commits.ROWS).setCoder(VarLongCoder.of()));
  }

  private WriteTarget target(Schema schema, boolean bounded) {
    requireBoundedOverwrite(bounded);
    Table table = load(schema);
    WriteTarget target = target(table);
    requireKey(table);
    requirePartitions(table);
    requireColumns(table, schema);
    return target;
  }

  void requireBoundedOverwrite(boolean bounded) {
    if (write.overwrite() != null && !bounded) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s cannot be overwritten by an unbounded input: it would have to end first.",
              write.table()));
    }
  }

  Table load(Schema schema) {
    Map<String, String> catalog =
        checkArgumentNotNull(
            write.catalogProperties(),
            "Name the table to write with to(catalogProperties, \"db.table\").");
    String path = checkArgumentNotNull(write.table());
    return write.newTable() == null
        ? PaimonTable.load(catalog, path)
        : write.newTable().loadOrCreate(catalog, path, schema);
  }

  WriteTarget target(Table table) {
    return WriteTarget.of(table, write.commitInterval(), write.shards(), write.overwrite());
  }

  void requireKey(Table table) {
    if (write.shape().isOnlyForKeyed() && table.primaryKeys().isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no primary key, so it cannot take changes. Write rows to it.",
              table.fullName()));
    }
  }

  void requirePartitions(Table table) {
    if (write.overwrite() == null) {
      return;
    }
    for (String column : write.overwrite().keySet()) {
      if (!table.partitionKeys().contains(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s is not partitioned by %s. Its partition columns are %s.",
                table.fullName(), column, table.partitionKeys()));
      }
    }
  }

  static void requireColumns(Table table, Schema schema) {
    List<String> columns = table.rowType().getFieldNames();
    for (String field : schema.getFieldNames()) {
      if (!columns.contains(field)) {
        throw new IllegalArgumentException(
            String.format(
                "The rows have a field %s, but table %s has no such column. Its columns are %s.",
                field, table.fullName(), columns));
      }
    }
    // finds fields that are missing or of another type
    var unused = new RowEncoder(table.fullName(), table.rowType(), schema);
  }

  private PCollection<KV<byte[], byte[]>> encode(
      PCollection<T> input, Schema schema, WriteTarget target) {
    boolean keepBad = write.errorHandler() != null;
    PCollectionTuple encoded =
        inOneWindow(input)
            .apply(
                "Encode",
                ParDo.of(
                        new ChunkRows<>(
                            target,
                            write.shape(),
                            schema,
                            input.getCoder(),
                            keepBad
                                ? BadRecordRouter.RECORDING_ROUTER
                                : BadRecordRouter.THROWING_ROUTER))
                    .withOutputTags(
                        ChunkRows.CHUNKS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        encoded
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(input.getPipeline()));
    if (keepBad) {
      write.errorHandler().addErrorCollection(bad);
    }
    return encoded
        .get(ChunkRows.CHUNKS)
        .setCoder(KvCoder.of(ByteArrayCoder.of(), ByteArrayCoder.of()));
  }

  /** A step that many pipelines can do without, and pay for with each row. */
  private static <T> PCollection<T> inOneWindow(PCollection<T> input) {
    return input.getWindowingStrategy().equals(WindowingStrategy.globalDefault())
        ? input
        : input.apply(
            "Window",
            Window.<T>into(new GlobalWindows())
                .triggering(DefaultTrigger.of())
                .withAllowedLateness(Duration.ZERO)
                .discardingFiredPanes());
  }

  private static PCollection<CommitMessage> writeAtOnce(
      PCollection<KV<byte[], byte[]>> chunks, WriteTarget target) {
    return (target.hasBuckets()
            ? chunks
                .apply("Group", GroupByKey.create())
                .apply("Write", ParDo.of(new WriteBuckets.Grouped(target)))
            : chunks.apply("Write", ParDo.of(new WriteBuckets.InPlace(target))))
        .setCoder(CommitMessageCoder.of());
  }

  private static PCollection<KV<CommitMessage, Long>> writeInIntervals(
      PCollection<KV<byte[], byte[]>> chunks, WriteTarget target) {
    return chunks
        .apply("Write", ParDo.of(new BufferChunks(target)))
        .setCoder(KvCoder.of(CommitMessageCoder.of(), VarLongCoder.of()));
  }

  private static PCollectionTuple commitAtOnce(
      PCollection<CommitMessage> files, WriteTarget target) {
    // also where there are no files; as a side input they would make the direct runner wait for
    // ever
    PCollection<KV<Integer, byte[]>> once =
        files.getPipeline().apply("Once", Impulse.create()).apply("One commit", WithKeys.of(0));
    return KeyedPCollectionTuple.of(
            CommitOnce.FILES,
            files
                .apply("One committer", WithKeys.of(0))
                .setCoder(KvCoder.of(VarIntCoder.of(), files.getCoder())))
        .and(new TupleTag<>(), once.setCoder(KvCoder.of(VarIntCoder.of(), ByteArrayCoder.of())))
        .apply("All files", CoGroupByKey.create())
        .apply(
            "Commit",
            ParDo.of(new CommitOnce(target))
                .withOutputTags(Commits.ROWS, TupleTagList.of(Commits.BUCKETS)));
  }

  private static PCollectionTuple commit(
      PCollection<KV<CommitMessage, Long>> files, WriteTarget target) {
    return files
        .apply("One committer", WithKeys.of(0))
        .setCoder(KvCoder.of(VarIntCoder.of(), files.getCoder()))
        .apply(
            "Commit",
            ParDo.of(new CommitStable(target))
                .withOutputTags(Commits.ROWS, TupleTagList.of(Commits.BUCKETS)));
  }
}
