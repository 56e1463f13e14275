package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.values.Row;

/** All that a bounded read gives. */
final class Stretch {
  final List<Row> rows = new ArrayList<>();
  final List<String> changes = new ArrayList<>();
  final List<UnreadableRow> unreadable = new ArrayList<>();

  /** Reads from the spec's start to the end as it is now. */
  static Stretch upToNow(ReadSpec spec) throws IOException {
    return of(source(spec));
  }

  static BoundedTableSource source(ReadSpec spec) {
    return new BoundedTableSource(
        spec, BoundedTableSource.Mode.ALL, BucketRange.resolve(spec, Position.latest()));
  }

  static Stretch of(BoundedTableSource source) throws IOException {
    Stretch stretch = new Stretch();
    try (BoundedSource.BoundedReader<RowBatch> reader =
        source.createReader(PipelineOptionsFactory.create())) {
      for (boolean more = reader.start(); more; more = reader.advance()) {
        RowBatch batch = reader.getCurrent();
        stretch.rows.addAll(batch.rows());
        stretch.unreadable.addAll(batch.unreadable());
        for (int i = 0; i < batch.size(); i++) {
          stretch.changes.add(batch.kind(i).sign() + batch.rows().get(i).getValues());
        }
      }
    }
    return stretch;
  }
}
