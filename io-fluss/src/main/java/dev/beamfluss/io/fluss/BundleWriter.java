package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Writes the elements of a bundle and, at its end, waits for all acknowledgements. */
final class BundleWriter<T> implements Serializable {
  private final Destinations<T> destinations;
  private final WriteShape<T> shape;
  private final Coder<T> coder;
  private final BadRecordRouter badRecords;
  private final Counter rowsWritten = Metrics.counter(FlussIO.class, "rowsWritten");
  private final Counter rowsRefused = Metrics.counter(FlussIO.class, "rowsRefused");
  private final Counter changesSkipped = Metrics.counter(FlussIO.class, "changesSkipped");
  private final Distribution flushMillis = Metrics.distribution(FlussIO.class, "flushMillis");

  private transient Map<String, TableWriter> writers;
  private transient Map<BoundedWindow, Long> written;
  private transient Map<String, IllegalArgumentException> unusable;
  // as most elements are of the same window and table as the one before
  private transient @Nullable BoundedWindow lastWindow;
  private transient long inLastWindow;
  private transient @Nullable String lastTable;
  private transient @Nullable TableWriter lastWriter;

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
    unusable = new HashMap<>();
    inLastWindow = 0;
  }

  void process(T element, BoundedWindow window, DoFn.MultiOutputReceiver out) throws Exception {
    boolean sent;
    try {
      sent = shape.write(writer(destinations.tableOf(element)), element);
    } catch (IllegalArgumentException e) {
      rowsRefused.inc();
      badRecords.route(out, element, coder, e, "This row can never be written: " + e.getMessage());
      return;
    }
    if (sent) {
      count(window);
    } else {
      changesSkipped.inc();
    }
  }

  private void count(BoundedWindow window) {
    if (!window.equals(lastWindow)) {
      countLast();
      lastWindow = window;
    }
    inLastWindow++;
  }

  private void countLast() {
    if (inLastWindow > 0) {
      written.merge(lastWindow, inLastWindow, Long::sum);
      inLastWindow = 0;
    }
  }

  private TableWriter writer(String table) {
    if (!table.equals(lastTable)) {
      TableWriter writer = writers.get(table);
      if (writer == null) {
        writer = open(table);
        writers.put(table, writer);
      }
      lastTable = table;
      lastWriter = writer;
    }
    return lastWriter;
  }

  /** A table that cannot be opened is asked for once a bundle, however many rows name it. */
  private TableWriter open(String table) {
    IllegalArgumentException known = unusable.get(table);
    if (known != null) {
      throw known;
    }
    try {
      return destinations.open(table);
    } catch (IllegalArgumentException e) {
      unusable.put(table, e);
      throw e;
    }
  }

  void finishBundle(BiConsumer<BoundedWindow, Long> acknowledged) {
    long start = System.nanoTime();
    for (TableWriter writer : writers.values()) {
      writer.flush();
    }
    countLast();
    flushMillis.update(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
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
