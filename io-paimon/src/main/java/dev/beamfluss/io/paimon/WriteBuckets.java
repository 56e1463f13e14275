package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.paimon.table.sink.CommitMessage;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The steps that make files of chunks of a bounded input; {@link BufferChunks} does without end.
 */
final class WriteBuckets {

  private WriteBuckets() {}

  /** All rows of a bucket at once. */
  static final class Grouped extends DoFn<KV<byte[], Iterable<byte[]>>, CommitMessage> {
    private final WriteTarget target;
    private transient Unfinished unfinished;

    Grouped(WriteTarget target) {
      this.target = target;
    }

    @Setup
    public void setup() {
      unfinished = new Unfinished(target);
    }

    @SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
    @ProcessElement
    public void process(
        @Element KV<byte[], Iterable<byte[]>> bucket, OutputReceiver<CommitMessage> out)
        throws Exception {
      BucketKey key = BucketKey.of(bucket.getKey());
      List<CommitMessage> messages;
      try (BucketFiles files = new BucketFiles(target)) {
        for (byte[] chunk : bucket.getValue()) {
          files.write(key, chunk);
        }
        messages = files.prepare();
      }
      unfinished.add(messages);
      messages.forEach(out::output);
    }

    @FinishBundle
    public void finishBundle() {
      unfinished.bundleFinished();
    }

    @Teardown
    public void teardown() {
      if (unfinished != null) {
        unfinished.remove();
      }
    }
  }

  /** The rows of a bundle where they are: a table without buckets has no place for them. */
  static final class InPlace extends DoFn<KV<byte[], byte[]>, CommitMessage> {
    private final WriteTarget target;
    private transient Unfinished unfinished;
    private transient @Nullable BucketFiles files;

    InPlace(WriteTarget target) {
      this.target = target;
    }

    @Setup
    public void setup() {
      unfinished = new Unfinished(target);
    }

    @ProcessElement
    public void process(@Element KV<byte[], byte[]> chunk) throws Exception {
      if (files == null) {
        files = new BucketFiles(target);
      }
      files.write(BucketKey.of(chunk.getKey()), chunk.getValue());
    }

    @FinishBundle
    public void finishBundle(FinishBundleContext context) throws Exception {
      if (files == null) {
        return;
      }
      List<CommitMessage> messages = new ArrayList<>(files.prepare());
      unfinished.add(messages);
      close();
      for (CommitMessage message : messages) {
        context.output(message, GlobalWindow.TIMESTAMP_MIN_VALUE, GlobalWindow.INSTANCE);
      }
      unfinished.bundleFinished();
    }

    private void close() throws Exception {
      if (files != null) {
        BucketFiles closing = files;
        files = null;
        closing.close();
      }
    }

    @Teardown
    public void teardown() throws Exception {
      if (unfinished != null) {
        unfinished.remove();
      }
      close();
    }
  }
}
