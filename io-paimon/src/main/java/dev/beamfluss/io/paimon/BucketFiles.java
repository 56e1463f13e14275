package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.paimon.data.BinaryRow;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.manifest.ManifestEntry;
import org.apache.paimon.operation.FileStoreWrite;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.CommitMessageImpl;
import org.apache.paimon.table.sink.TableWriteImpl;

/** Writes chunks to new files, which nobody sees until they are committed. */
@SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
final class BucketFiles implements AutoCloseable {
  static final long NO_SEQUENCE = -1;

  private static final Counter ROWS = Metrics.counter(PaimonIO.class, "rowsWritten");
  private static final Counter FILES = Metrics.counter(PaimonIO.class, "filesWritten");

  private final WriteTarget target;
  private final int fields;
  private final IOManager ioManager;
  private final TableWriteImpl<?> write;

  /**
   * A writer of a bucket as it was left: it numbers its rows on from there. Paimon would look for
   * the last number in the files that are committed, and those before them may still wait for it.
   */
  private static final class Resumed<T> extends FileStoreWrite.State<T> {
    Resumed(BinaryRow partition, int bucket, int totalBuckets, long sequence) {
      super(
          partition,
          bucket,
          totalBuckets,
          -1,
          Long.MIN_VALUE,
          List.of(),
          sequence,
          null,
          null,
          null);
    }
  }

  BucketFiles(WriteTarget target) {
    this.target = target;
    this.fields = target.writer().rowType().getFieldCount();
    this.ioManager = WriteTarget.newIoManager();
    this.write =
        target
            .writer()
            .newWrite(target.commitUser())
            .withIOManager(ioManager)
            .withIgnorePreviousFiles(target.overwrite() != null);
  }

  /**
   * Numbers the rows of a bucket from a number on, or from a higher one that is in the table.
   *
   * @param sequence what {@link #lastSequence} gave for the files before
   */
  void resume(BucketKey key, long sequence) {
    if (sequence != NO_SEQUENCE) {
      resume(write, key, target, Math.max(sequence, committedSequence(target, key)));
    }
  }

  private static <T> void resume(
      TableWriteImpl<T> write, BucketKey key, WriteTarget target, long sequence) {
    write.restore(
        List.of(
            new Resumed<>(
                key.partition(),
                target.bucket(key),
                target.table().coreOptions().bucket(),
                sequence)));
  }

  /** The highest number of a row in the table's files, this writer's or another's. */
  static long committedSequence(WriteTarget target, BucketKey key) {
    return target
        .table()
        .store()
        .newScan()
        .withPartitionBucket(key.partition(), target.bucket(key))
        .plan()
        .files()
        .stream()
        .map(ManifestEntry::file)
        .mapToLong(DataFileMeta::maxSequenceNumber)
        .max()
        .orElse(NO_SEQUENCE);
  }

  /** How many rows the chunk has, also those that others of their key are merged with. */
  int write(BucketKey key, byte[] chunk) throws Exception {
    int bucket = target.bucket(key);
    int rows = RowChunk.forEach(chunk, fields, row -> write.write(row, bucket));
    ROWS.inc(rows);
    return rows;
  }

  /** Closes the files; what is to be committed for them. */
  List<CommitMessage> prepare() throws Exception {
    List<CommitMessage> messages = new ArrayList<>();
    for (CommitMessage message : write.prepareCommit(true, Long.MAX_VALUE)) {
      CommitMessageImpl files = (CommitMessageImpl) message;
      if (!files.isEmpty()) {
        messages.add(message);
        FILES.inc(files.newFilesIncrement().newFiles().size());
      }
    }
    return messages;
  }

  static long lastSequence(List<CommitMessage> messages) {
    return messages.stream()
        .flatMap(message -> files(message).stream())
        .mapToLong(DataFileMeta::maxSequenceNumber)
        .max()
        .orElse(NO_SEQUENCE);
  }

  static List<DataFileMeta> files(CommitMessage message) {
    return ((CommitMessageImpl) message).newFilesIncrement().newFiles();
  }

  /** Also removes the files that were begun and not prepared. */
  @Override
  public void close() throws Exception {
    try (ioManager) {
      write.close();
    }
  }
}
