package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;

/** Writes the elements of a bundle and, at its end, waits for all acknowledgements. */
final class BundleWriter<T> implements Serializable {
  private final Destinations<T> destinations;
  private final WriteShape<T> shape;
  private final Coder<T> coder;
  private final BadRecordRouter badRecords;
  private final Counter rowsWritten = Metrics.counter(FlussIO.class, "rowsWritten");
  private final Counter rowsRefused = Metrics.counter(FlussIO.class, "rowsRefused");

  private transient Map<String, TableWriter> writers;
  private transient Map<BoundedWindow, Long> written;

  BundleWriter(Destinations<T> destinations, WriteShape<T> shape, Coder<T> coder, boolean keepBad) {
    this.destinations = destinations;
    this.shape = shape;
    this.coder = coder;
    this.badRecords = keepBad ? BadRecordRouter.RECORDING_ROUTER : BadRecordRouter.THROWING_ROUTER;
  }

  void setup() {
    writers = new HashMap<>();
    destinations.eager().ifPresent(table -> writers.put(table, destinations.open(table)));
  }

  void startBundle() {
    written = new HashMap<>();
  }

  void process(T element, BoundedWindow window, DoFn.MultiOutputReceiver out) throws Exception {
    try {
      shape.write(writer(destinations.tableOf(element)), element);
    } catch (IllegalArgumentException e) {
      rowsRefused.inc();
      badRecords.route(out, element, coder, e, "This row can never be written: " + e.getMessage());
      return;
    }
    written.merge(window, 1L, Long::sum);
  }

  private TableWriter writer(String table) {
    TableWriter writer = writers.get(table);
    if (writer == null) {
      writer = destinations.open(table);
      writers.put(table, writer);
    }
    return writer;
  }

  void finishBundle(BiConsumer<BoundedWindow, Long> acknowledged) {
    for (TableWriter writer : writers.values()) {
      writer.flush();
    }
    written.forEach(
        (window, count) -> {
          rowsWritten.inc(count);
          acknowledged.accept(window, count);
        });
  }

  void teardown() {
    if (writers != null) {
      writers.values().forEach(TableWriter::close);
    }
  }
}
