package dev.beamfluss.io.fluss;

import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Instant;

/** Takes the batches of a source apart; chained to it, so a batch is never encoded on Flink. */
final class Unpack {
  private Unpack() {}

  static final class Rows extends DoFn<RowBatch, Row> {
    @ProcessElement
    public void process(@Element RowBatch batch, OutputReceiver<Row> out) {
      for (int i = 0; i < batch.size(); i++) {
        out.outputWithTimestamp(batch.rows().get(i), Instant.ofEpochMilli(batch.timestamps()[i]));
      }
    }
  }

  static final class Changes extends DoFn<RowBatch, RowChange> {
    @ProcessElement
    public void process(@Element RowBatch batch, OutputReceiver<RowChange> out) {
      for (int i = 0; i < batch.size(); i++) {
        out.outputWithTimestamp(
            RowChange.of(batch.kind(i), batch.rows().get(i)),
            Instant.ofEpochMilli(batch.timestamps()[i]));
      }
    }
  }
}
