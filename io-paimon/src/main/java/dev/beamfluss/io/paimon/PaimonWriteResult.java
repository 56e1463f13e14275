package dev.beamfluss.io.paimon;

import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PInput;
import org.apache.beam.sdk.values.POutput;
import org.apache.beam.sdk.values.PValue;
import org.apache.beam.sdk.values.TupleTag;

/** What a write to Paimon leaves behind. */
public final class PaimonWriteResult implements POutput {
  private final PCollection<Long> committed;

  PaimonWriteResult(PCollection<Long> committed) {
    this.committed = committed;
  }

  /**
   * How many rows each commit has brought into the table, changes that delete included: their sum
   * is what was written, and {@code Wait.on} it starts a step once all is. A commit that turns out
   * to have been made by an earlier attempt does not count again.
   */
  public PCollection<Long> getCommitted() {
    return committed;
  }

  @Override
  public Pipeline getPipeline() {
    return committed.getPipeline();
  }

  @Override
  public Map<TupleTag<?>, PValue> expand() {
    return Map.of(Commits.ROWS, committed);
  }

  @Override
  public void finishSpecifyingOutput(
      String transformName, PInput input, PTransform<?, ?> transform) {}
}
