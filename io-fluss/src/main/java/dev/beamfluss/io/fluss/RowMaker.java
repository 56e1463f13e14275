package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.row.GenericRow;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Makes batches of timestamped Beam rows of the rows that a log scanner gives. */
final class RowMaker {
  private static final long NO_OFFSET = -1;

  private final FlussTable table;
  private final RowDecoder decoder;
  private final EventTime.Extractor eventTime;
  private final Schema schema;
  private final boolean scansMore;

  RowMaker(ReadSpec spec) {
    this.table = spec.table();
    List<String> scanned = spec.scannedColumns();
    this.decoder = new RowDecoder(spec.scannedType(), scanned, table.isLogArrow());
    this.eventTime = spec.eventTime().extractor(scanned);
    this.schema = spec.schema();
    this.scansMore = scanned.size() > spec.columns().size();
  }

  Batch batch(int size) {
    return new Batch(size);
  }

  /** The columns that the pipeline asked for come first. */
  Row toMake(Row scanned) {
    return scansMore
        ? Row.withSchema(schema)
            .attachValues(new ArrayList<>(scanned.getValues().subList(0, schema.getFieldCount())))
        : scanned;
  }

  final class Batch {
    private final List<Row> rows;
    private final long[] timestamps;
    private final RowChange.Kind @Nullable [] kinds;
    private List<UnreadableRow> unreadable = List.of();
    private String withoutOffset = "in a snapshot";

    private Batch(int size) {
      rows = new ArrayList<>(size);
      timestamps = new long[size];
      kinds = table.isKeyed() ? new RowChange.Kind[size] : null;
    }

    /** Says whether the row could be read. */
    boolean add(GenericRow row, RowChange.Kind kind, long stored, long offset, BucketId bucket) {
      try {
        return add(decoder.decode(row), kind, stored, offset, bucket);
      } catch (RowDecoder.UnreadableException e) {
        return refuse(offset, bucket, e.getMessage());
      }
    }

    /** The same for a row with the scanned columns. */
    boolean add(Row scanned, RowChange.Kind kind, long stored, long offset, BucketId bucket) {
      int size = rows.size();
      Row made = toMake(scanned);
      try {
        timestamps[size] = eventTime.millis(scanned, made, stored);
      } catch (IllegalStateException e) {
        return refuse(offset, bucket, e.getMessage());
      } catch (RuntimeException e) {
        return refuse(offset, bucket, "its timestamp function failed: " + e);
      }
      rows.add(made);
      if (kinds != null) {
        kinds[size] = kind;
      }
      return true;
    }

    boolean refuse(long offset, BucketId bucket, String reason) {
      if (unreadable.isEmpty()) {
        unreadable = new ArrayList<>();
      }
      unreadable.add(
          new UnreadableRow(
              offset,
              String.format(
                  "row of table %s, %s, %s",
                  table.path(), bucket.describe(), offset < 0 ? withoutOffset : "offset " + offset),
              reason));
      return false;
    }

    /** All that it was given, readable or not. */
    int taken() {
      return rows.size() + unreadable.size();
    }

    /** Takes the rows of a bucket's snapshot. */
    RowScan.Sink snapshotOf(BucketId bucket) {
      return new RowScan.Sink() {
        @Override
        public void row(Row scanned, long stored) {
          add(scanned, RowChange.Kind.INSERT, stored, NO_OFFSET, bucket);
        }

        @Override
        public void unreadable(String reason) {
          refuse(NO_OFFSET, bucket, reason);
        }
      };
    }

    /** Takes the rows that are left of the log after a bucket's snapshot. */
    RowScan.Sink foldedLogOf(BucketId bucket) {
      withoutOffset = "in its log";
      return snapshotOf(bucket);
    }

    RowBatch toRowBatch() {
      int size = rows.size();
      boolean all = size == timestamps.length;
      return new RowBatch(
          rows,
          kinds == null || all ? kinds : Arrays.copyOf(kinds, size),
          all ? timestamps : Arrays.copyOf(timestamps, size),
          unreadable);
    }
  }
}
