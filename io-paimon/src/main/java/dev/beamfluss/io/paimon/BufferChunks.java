package dev.beamfluss.io.paimon;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import java.time.Duration;
import java.util.List;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.paimon.table.sink.CommitMessage;

/**
 * Keeps the chunks of a bucket until the commit interval is over, then makes files of them. So a
 * file has the rows of an interval, however small the bundles of the runner are.
 *
 * <p>The number of the last row of a bucket is kept too: the files of the interval before may not
 * be committed yet when those of the next are written, and rows of one key must have rising
 * numbers. It is forgotten once the table has it.
 *
 * <p>With the files goes how many rows were put into them.
 */
final class BufferChunks extends DoFn<KV<byte[], byte[]>, KV<CommitMessage, Long>> {
  private static final long BUFFER_BYTES = 64L << 20;
  private static final Duration REMEMBERED = Duration.ofHours(1);
  private static final int REMEMBERED_INTERVALS = 10;

  @StateId("chunks")
  private final StateSpec<BagState<byte[]>> chunksSpec = StateSpecs.bag(ByteArrayCoder.of());

  @StateId("bytes")
  private final StateSpec<ValueState<Long>> bytesSpec = StateSpecs.value(VarLongCoder.of());

  @StateId("sequence")
  private final StateSpec<ValueState<Long>> sequenceSpec = StateSpecs.value(VarLongCoder.of());

  @TimerId("flush")
  private final TimerSpec flushSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  @TimerId("forget")
  private final TimerSpec forgetSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  @TimerId("end")
  private final TimerSpec endSpec = TimerSpecs.timer(TimeDomain.EVENT_TIME);

  private final WriteTarget target;
  private transient Unfinished unfinished;

  BufferChunks(WriteTarget target) {
    this.target = target;
  }

  @Setup
  public void setup() {
    unfinished = new Unfinished(target);
  }

  @ProcessElement
  public void process(
      @Element KV<byte[], byte[]> chunk,
      BoundedWindow window,
      @StateId("chunks") BagState<byte[]> chunks,
      @StateId("bytes") ValueState<Long> bytes,
      @StateId("sequence") ValueState<Long> sequence,
      @TimerId("flush") Timer flush,
      @TimerId("forget") Timer forget,
      @TimerId("end") Timer end,
      OutputReceiver<KV<CommitMessage, Long>> out)
      throws Exception {
    Long before = bytes.read();
    if (before == null) {
      // aligned, so that the files of all buckets come to the committer at the same time
      flush.align(joda(target.interval())).setRelative();
      end.set(window.maxTimestamp());
    }
    chunks.add(chunk.getValue());
    long now = (before == null ? 0 : before) + chunk.getValue().length;
    bytes.write(now);
    if (now >= BUFFER_BYTES) {
      write(chunk.getKey(), chunks, bytes, sequence, out);
      forget(forget);
    }
  }

  @OnTimer("flush")
  public void onFlush(
      @Key byte[] key,
      @StateId("chunks") BagState<byte[]> chunks,
      @StateId("bytes") ValueState<Long> bytes,
      @StateId("sequence") ValueState<Long> sequence,
      @TimerId("forget") Timer forget,
      OutputReceiver<KV<CommitMessage, Long>> out)
      throws Exception {
    if (bytes.read() != null) {
      write(key, chunks, bytes, sequence, out);
      forget(forget);
    }
  }

  @OnTimer("end")
  public void onEnd(
      @Key byte[] key,
      @StateId("chunks") BagState<byte[]> chunks,
      @StateId("bytes") ValueState<Long> bytes,
      @StateId("sequence") ValueState<Long> sequence,
      @TimerId("flush") Timer flush,
      @TimerId("forget") Timer forget,
      OutputReceiver<KV<CommitMessage, Long>> out)
      throws Exception {
    if (bytes.read() != null) {
      write(key, chunks, bytes, sequence, out);
    }
    sequence.clear();
    flush.clear();
    forget.clear();
  }

  @SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
  private void write(
      byte[] keyBytes,
      BagState<byte[]> chunks,
      ValueState<Long> bytes,
      ValueState<Long> sequence,
      OutputReceiver<KV<CommitMessage, Long>> out)
      throws Exception {
    BucketKey key = BucketKey.of(keyBytes);
    List<CommitMessage> messages;
    long rows = 0;
    try (BucketFiles files = new BucketFiles(target)) {
      if (target.hasBuckets()) {
        Long last = sequence.read();
        files.resume(key, last == null ? BucketFiles.NO_SEQUENCE : last);
      }
      for (byte[] chunk : chunks.read()) {
        rows += files.write(key, chunk);
      }
      messages = files.prepare();
    }
    unfinished.add(messages);
    chunks.clear();
    bytes.clear();
    if (target.hasBuckets() && !messages.isEmpty()) {
      sequence.write(BucketFiles.lastSequence(messages));
    }
    for (CommitMessage message : messages) {
      out.output(KV.of(message, rows));
      rows = 0;
    }
  }

  private void forget(Timer forget) {
    if (target.hasBuckets()) {
      Duration intervals = target.interval().multipliedBy(REMEMBERED_INTERVALS);
      forget
          .offset(joda(intervals.compareTo(REMEMBERED) > 0 ? intervals : REMEMBERED))
          // nothing is output, so the watermark need not wait for it
          .withNoOutputTimestamp()
          .setRelative();
    }
  }

  @OnTimer("forget")
  public void onForget(
      @Key byte[] key,
      @StateId("sequence") ValueState<Long> sequence,
      @TimerId("forget") Timer forget) {
    Long last = sequence.read();
    if (last == null) {
      return;
    }
    if (BucketFiles.committedSequence(target, BucketKey.of(key)) >= last) {
      sequence.clear();
    } else {
      forget(forget);
    }
  }

  private static org.joda.time.Duration joda(Duration duration) {
    return org.joda.time.Duration.millis(checkArgumentNotNull(duration).toMillis());
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
