package dev.beamfluss.io.paimon;

import dev.beamfluss.changes.RowChange;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.joda.time.Instant;

/** Takes the batches of a source apart; chained to it, so a batch is never encoded on Flink. */
final class UnpackChanges extends DoFn<ChangeBatch, RowChange> {
  private final Schema schema;

  UnpackChanges(Schema schema) {
    this.schema = schema;
  }

  @ProcessElement
  public void process(@Element ChangeBatch batch, OutputReceiver<RowChange> out) {
    List<RowChange> changes = batch.changes();
    checkSchema(changes.get(0).row().getSchema());
    Instant time = Instant.EPOCH;
    for (int i = 0; i < changes.size(); i++) {
      long millis = batch.timestamps().get(i);
      time = time.getMillis() == millis ? time : Instant.ofEpochMilli(millis);
      out.outputWithTimestamp(changes.get(i), time);
    }
  }

  /** Flink restores a source as it was when the savepoint was taken, with the columns of then. */
  private void checkSchema(Schema restored) {
    if (!schema.equals(restored)) {
      throw new IllegalStateException(
          String.format(
              "The read was restored with the columns %s of the pipeline that took the savepoint,"
                  + " and this pipeline reads %s. Give the read another name, and start it from"
                  + " where the savepoint left off by"
                  + " withStartingPosition(PaimonPosition.timestamp(..)), or read the same"
                  + " columns.",
              restored.getFields(), schema.getFields()));
    }
  }
}
