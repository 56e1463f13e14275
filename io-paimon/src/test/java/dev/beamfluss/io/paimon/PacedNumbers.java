package dev.beamfluss.io.paimon;

import java.util.List;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** The numbers from 0 on, so many a second, with an end, and exactly restored. */
final class PacedNumbers extends UnboundedSource<Long, PacedNumbers.Mark> {
  private final long end;
  private final long perSecond;

  record Mark(long next) implements UnboundedSource.CheckpointMark, java.io.Serializable {
    @Override
    public void finalizeCheckpoint() {}
  }

  PacedNumbers(long end, long perSecond) {
    this.end = end;
    this.perSecond = perSecond;
  }

  @Override
  public List<PacedNumbers> split(int desiredNumSplits, PipelineOptions options) {
    return List.of(this);
  }

  @Override
  public UnboundedReader<Long> createReader(PipelineOptions options, @Nullable Mark mark) {
    return new Reader(this, mark == null ? 0 : mark.next());
  }

  @Override
  public Coder<Mark> getCheckpointMarkCoder() {
    return SerializableCoder.of(Mark.class);
  }

  @Override
  public Coder<Long> getOutputCoder() {
    return VarLongCoder.of();
  }

  private static final class Reader extends UnboundedReader<Long> {
    private final PacedNumbers source;
    private final long first;
    private final long startNanos = System.nanoTime();
    private long next;

    Reader(PacedNumbers source, long first) {
      this.source = source;
      this.first = first;
      this.next = first;
    }

    @Override
    public boolean start() {
      return advance();
    }

    @Override
    public boolean advance() {
      long due = first + (System.nanoTime() - startNanos) / 1000 * source.perSecond / 1_000_000;
      if (next >= source.end || next >= due) {
        return false;
      }
      next++;
      return true;
    }

    @Override
    public Long getCurrent() {
      if (next == 0) {
        throw new NoSuchElementException();
      }
      return next - 1;
    }

    @Override
    public Instant getCurrentTimestamp() {
      return Instant.EPOCH;
    }

    @Override
    public Instant getWatermark() {
      return next >= source.end ? BoundedWindow.TIMESTAMP_MAX_VALUE : Instant.EPOCH;
    }

    @Override
    public Mark getCheckpointMark() {
      return new Mark(next);
    }

    @Override
    public PacedNumbers getCurrentSource() {
      return source;
    }

    @Override
    public void close() {}
  }
}
