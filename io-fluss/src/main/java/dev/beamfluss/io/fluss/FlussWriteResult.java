package dev.beamfluss.io.fluss;

import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PInput;
import org.apache.beam.sdk.values.POutput;
import org.apache.beam.sdk.values.PValue;
import org.apache.beam.sdk.values.TupleTag;

/** What a write to Fluss leaves behind. */
public final class FlussWriteResult implements POutput {
  private final TupleTag<Long> tag;
  private final PCollection<Long> acknowledged;

  FlussWriteResult(TupleTag<Long> tag, PCollection<Long> acknowledged) {
    this.tag = tag;
    this.acknowledged = acknowledged;
  }

  /**
   * How many changes each bundle wrote, once the cluster has acknowledged them: their sum is what
   * was written, and {@code Wait.on} it starts a step once all is.
   */
  public PCollection<Long> getAcknowledged() {
    return acknowledged;
  }

  @Override
  public Pipeline getPipeline() {
    return acknowledged.getPipeline();
  }

  @Override
  public Map<TupleTag<?>, PValue> expand() {
    return Map.of(tag, acknowledged);
  }

  @Override
  public void finishSpecifyingOutput(
      String transformName, PInput input, PTransform<?, ?> transform) {}
}
