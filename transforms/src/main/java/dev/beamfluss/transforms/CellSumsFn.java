package dev.beamfluss.transforms;

import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/**
 * Counts the rows of a bundle by cell and kind, a sum for each second of event time: in live data
 * that is one or two, and a replay or a batch keeps its order in time.
 */
final class CellSumsFn extends DoFn<Row, KV<Integer, CellSums>> {
  private static final long serialVersionUID = 1L;
  private static final long PERIOD_MILLIS = 1_000;
  private static final int ONE_KEY = 0;

  private final Schema rows;
  private final String canary;
  private final String base;
  private final int label;
  private final int[] dimensions;
  private final int kind;
  private final int[] groupingSets;
  private final boolean keepBad;
  private final Counter ofOthers = Metrics.counter(ReleaseWatch.class, "rowsOfOtherReleases");
  private final Counter refused = Metrics.counter(ReleaseWatch.class, "rowsRefused");

  private transient Map<Long, CellSums> periods;
  private transient long others;

  CellSumsFn(ReleaseWatch watch, Schema rows) {
    this.rows = rows;
    this.canary = watch.canary();
    this.base = watch.base();
    this.label = rows.indexOf(watch.labelColumn());
    this.dimensions = watch.dimensions().stream().mapToInt(rows::indexOf).toArray();
    this.kind = rows.indexOf(watch.kindColumn());
    this.groupingSets = watch.groupingSetBits();
    this.keepBad = watch.errorHandler() != null;
  }

  @StartBundle
  public void startBundle() {
    periods = new TreeMap<>();
    others = 0;
  }

  @ProcessElement
  public void process(@Element Row row, @Timestamp Instant time, MultiOutputReceiver out)
      throws Exception {
    String release = row.getString(label);
    boolean ofCanary = canary.equals(release);
    if (!ofCanary && !base.equals(release)) {
      others++;
      return;
    }
    String ofKind = row.getString(kind);
    if (ofKind == null) {
      refuse(row, out);
      return;
    }
    @Nullable String[] values = new String[dimensions.length];
    for (int i = 0; i < values.length; i++) {
      String value = row.getString(dimensions[i]);
      values[i] = value == null || value.isEmpty() ? ReleaseWatch.NO_VALUE : value;
    }
    long millis = time.getMillis();
    periods
        .computeIfAbsent(Math.floorDiv(millis, PERIOD_MILLIS), unused -> new CellSums())
        .add(CubeCell.of(values), ofKind, ofCanary ? CellSums.CANARY : CellSums.BASE, 1, millis);
  }

  private void refuse(Row row, MultiOutputReceiver out) throws Exception {
    String message =
        String.format(
            "Column %s, the kind of event, is null in row %s: fill it, or filter such rows out.",
            rows.getField(kind).getName(), row.getValues());
    if (!keepBad) {
      throw new IllegalArgumentException(message);
    }
    refused.inc();
    out.get(BadRecordRouter.BAD_RECORD_TAG)
        .output(
            BadRecord.fromExceptionInformation(
                row, RowCoder.of(rows), new IllegalArgumentException(message), message));
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    for (CellSums sums : periods.values()) {
      context.output(
          KV.of(ONE_KEY, sums.rollUp(groupingSets)),
          Instant.ofEpochMilli(sums.latest()),
          GlobalWindow.INSTANCE);
    }
    ofOthers.inc(others);
    periods = null;
  }
}
