package dev.beamfluss.io.paimon;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.io.ByteStreams;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.io.CountingOutputStream;
import org.apache.paimon.Snapshot;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.manifest.PartitionEntry;
import org.apache.paimon.partition.PartitionPredicate;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.source.ReadBuilder;
import org.apache.paimon.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of a table's greatest partition, or of all of a table without partitions, in memory.
 * Lookups of one worker that ask for the same have one together.
 */
final class LatestRows {
  private static final Logger LOG = LoggerFactory.getLogger(LatestRows.class);

  /** A look that failed is repeated so much sooner than one that did not. */
  private static final int RETRIES_PER_INTERVAL = 60;

  /**
   * What is kept and for how long.
   *
   * @param location tells one table from another of the same name
   * @param by the key columns
   * @param columns those of the rows that are found
   */
  record Spec(
      FileStoreTable table,
      String location,
      List<String> by,
      List<String> columns,
      Duration refreshInterval,
      long maxRows,
      long maxBytes)
      implements Serializable {

    private RowType type(List<String> names) {
      return table.rowType().project(names);
    }

    Schema found() {
      return TypeMapping.schema(type(columns));
    }

    /** Makes the key of a row that has the key columns among its fields. */
    RowEncoder keys(Schema rows) {
      return new RowEncoder(table.fullName(), type(by), rows);
    }

    private List<Object> identity() {
      return List.of(location, table.fullName(), by, columns, refreshInterval, maxRows, maxBytes);
    }
  }

  /**
   * What was there at one time.
   *
   * @param partition its name, or that of the table
   * @param contents changes when the partition does
   */
  record Loaded(
      String partition, Object contents, Map<InternalRow, List<Row>> rows, long loadedNanos) {

    List<Row> get(InternalRow key) {
      return rows.getOrDefault(key, List.of());
    }

    long secondsSinceLoad() {
      return Duration.ofNanos(System.nanoTime() - loadedNanos).toSeconds();
    }
  }

  private static final Map<List<Object>, LatestRows> SHARED = new HashMap<>();

  private final Spec spec;
  private final ReentrantLock loading = new ReentrantLock();
  private int leases;
  private volatile @Nullable Loaded loaded;
  private volatile long nextLook;

  private LatestRows(Spec spec) {
    this.spec = spec;
  }

  static LatestRows lease(Spec spec) {
    synchronized (SHARED) {
      LatestRows rows = SHARED.computeIfAbsent(spec.identity(), key -> new LatestRows(spec));
      rows.leases++;
      return rows;
    }
  }

  void giveBack() {
    synchronized (SHARED) {
      if (--leases == 0) {
        SHARED.remove(spec.identity());
      }
    }
  }

  /**
   * What is to be used from now on, at most the refresh interval old or being replaced.
   *
   * @throws IllegalStateException if it does not fit into memory
   * @throws UncheckedIOException if it cannot be read and never was
   */
  Loaded current() {
    Loaded known = loaded;
    if (known != null && (System.nanoTime() - nextLook < 0 || !loading.tryLock())) {
      return known;
    }
    if (known == null) {
      loading.lock();
    }
    try {
      Loaded now = loaded;
      if (now == null || System.nanoTime() - nextLook >= 0) {
        now = look(now);
        loaded = now;
      }
      return now;
    } finally {
      loading.unlock();
    }
  }

  private Loaded look(@Nullable Loaded known) {
    long interval = spec.refreshInterval().toNanos();
    try {
      Loaded now = load(known);
      nextLook = System.nanoTime() + interval;
      return now;
    } catch (IOException | UncheckedIOException e) {
      if (known == null) {
        throw e instanceof UncheckedIOException unchecked
            ? unchecked
            : new UncheckedIOException((IOException) e);
      }
      LOG.warn(
          "Could not look for a newer partition of {}; {} of {} s ago is used on",
          spec.table().fullName(),
          known.partition(),
          known.secondsSinceLoad(),
          e);
      nextLook = System.nanoTime() + interval / RETRIES_PER_INTERVAL;
      return known;
    }
  }

  /** All of one snapshot, so that the partition is not listed in one and read in another. */
  private Loaded load(@Nullable Loaded known) throws IOException {
    Snapshot snapshot = spec.table().snapshotManager().latestSnapshot();
    if (snapshot == null) {
      return swap(known, spec.table().fullName() + " (empty)", List.of(), Map.of());
    }
    FileStoreTable pinned = Snapshots.withRowsOf(spec.table(), snapshot.id());
    if (pinned.partitionKeys().isEmpty()) {
      return known != null && known.contents().equals(snapshot.id())
          ? known
          : swap(known, pinned.fullName(), snapshot.id(), read(pinned, null));
    }
    PartitionEntry greatest = greatest(pinned);
    if (greatest == null) {
      return swap(known, pinned.fullName() + " (empty)", List.of(), Map.of());
    }
    return known != null && known.contents().equals(greatest)
        ? known
        : swap(known, name(pinned, greatest), greatest, read(pinned, greatest));
  }

  private Loaded swap(
      @Nullable Loaded known, String partition, Object contents, Map<InternalRow, List<Row>> rows) {
    if (known != null && known.contents().equals(contents)) {
      return known;
    }
    LOG.info(
        "Loaded {} of table {} ({} keys) in place of {}",
        partition,
        spec.table().fullName(),
        rows.size(),
        known == null ? "nothing" : known.partition());
    return new Loaded(partition, contents, rows, System.nanoTime());
  }

  private static Row values(FileStoreTable table, PartitionEntry entry) {
    return new RowDecoder(table.schema().logicalPartitionType()).decode(entry.partition());
  }

  private static String name(FileStoreTable table, PartitionEntry entry) {
    Row values = values(table, entry);
    List<String> parts = new ArrayList<>();
    for (Schema.Field field : values.getSchema().getFields()) {
      parts.add(field.getName() + "=" + values.<Object>getValue(field.getName()));
    }
    return String.join("/", parts);
  }

  private static @Nullable PartitionEntry greatest(FileStoreTable table) {
    PartitionEntry greatest = null;
    for (PartitionEntry entry : table.newReadBuilder().newScan().listPartitionEntries()) {
      if (entry.recordCount() > 0
          && (greatest == null || compare(values(table, entry), values(table, greatest)) > 0)) {
        greatest = entry;
      }
    }
    return greatest;
  }

  /** By their first columns, then by their second; none is the least. */
  @SuppressWarnings("unchecked") // partition columns of one type, all of which have an order
  private static int compare(Row first, Row second) {
    for (int i = 0; i < first.getFieldCount(); i++) {
      Comparable<Object> value = first.getValue(i);
      Object other = second.getValue(i);
      int order =
          value == null || other == null
              ? Boolean.compare(value != null, other != null)
              : value.compareTo(other);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private Map<InternalRow, List<Row>> read(FileStoreTable table, @Nullable PartitionEntry partition)
      throws IOException {
    List<String> scanned = new ArrayList<>(spec.columns());
    spec.by().stream().filter(column -> !scanned.contains(column)).forEach(scanned::add);
    RowType scannedType = spec.type(scanned);
    ReadBuilder builder = table.newReadBuilder().withReadType(scannedType);
    if (partition != null) {
      builder.withPartitionFilter(
          PartitionPredicate.fromMultiple(
              table.schema().logicalPartitionType(), List.of(partition.partition())));
    }
    RowDecoder decoder = new RowDecoder(scannedType);
    RowDecoder found = new RowDecoder(spec.type(spec.columns()));
    RowEncoder keys = spec.keys(decoder.schema());
    RowCoder coder = RowCoder.of(found.schema());
    CountingOutputStream bytes = new CountingOutputStream(ByteStreams.nullOutputStream());
    Map<InternalRow, List<Row>> rows = new HashMap<>();
    long number = 0;
    try (RowIterator iterator =
        new RowIterator(builder.newRead().createReader(builder.newScan().plan()))) {
      for (InternalRow row = iterator.next(); row != null; row = iterator.next()) {
        Row whole = decoder.decode(row);
        if (spec.by().stream().allMatch(column -> whole.getValue(column) != null)) {
          Row value = found.decode(row);
          coder.encode(value, bytes);
          number++;
          requireFits(partition == null ? "All" : name(table, partition), number, bytes.getCount());
          rows.computeIfAbsent(keys.encode(whole), key -> new ArrayList<>(1)).add(value);
        }
      }
    }
    return rows;
  }

  private void requireFits(String partition, long rows, long bytes) {
    if (rows > spec.maxRows() || bytes > spec.maxBytes()) {
      throw new IllegalStateException(
          String.format(
              "%s of table %s is too large to be kept in memory: more than %s. Read fewer columns,"
                  + " raise %s and give the workers memory for it, or look the rows up elsewhere.",
              partition,
              spec.table().fullName(),
              rows > spec.maxRows() ? spec.maxRows() + " rows" : spec.maxBytes() + " bytes",
              rows > spec.maxRows() ? "withMaxRows(..)" : "withMaxBytes(..)"));
    }
  }
}
