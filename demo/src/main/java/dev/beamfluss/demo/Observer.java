package dev.beamfluss.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Watches the tables of attribution: what result and conversions hold, how many changes the result
 * took, and how long an order took from being stored to its result row being stored, both by the
 * cluster's clock.
 */
public final class Observer implements AutoCloseable {

  /** An order as it was at some time. */
  private record OrderVersion(AttributionAnswer.Key key, String payAmt) {}

  private record VisitKey(String ds, String userId) {}

  private final TableTail results;
  private final TableTail orders;
  private final TableTail visits;
  private final TableTail conversionTail;
  private final Map<AttributionAnswer.Key, AttributionAnswer.Row> contents = new HashMap<>();
  private final SortedMap<String, AttributionAnswer.Conversion> conversions = new TreeMap<>();
  private final Map<OrderVersion, Long> orderStoredAt = new HashMap<>();
  private final Map<OrderVersion, Long> resultStoredAt = new HashMap<>();
  private final Map<VisitKey, Long> visitStoredAt = new HashMap<>();
  private final AtomicLong resultChanges = new AtomicLong();
  private final AtomicLong resultDeletes = new AtomicLong();
  private final AtomicLong lastChange = new AtomicLong();

  /**
   * Begins to watch.
   *
   * @param database the database of the tables
   */
  public Observer(String bootstrapServers, String database) {
    this.results =
        new TableTail(
            bootstrapServers, TablePath.of(database, "log_page_ord_detail_ri"), this::onResult);
    this.orders =
        new TableTail(bootstrapServers, TablePath.of(database, "order_ri"), this::onOrder);
    this.visits =
        new TableTail(bootstrapServers, TablePath.of(database, "log_page_ri"), this::onVisit);
    this.conversionTail =
        new TableTail(
            bootstrapServers, TablePath.of(database, "conversion_ri"), this::onConversion);
  }

  /** Columns: user_id, order_id, first_page_time, order_time, pv, pay_amt, is_matched, ds. */
  private synchronized void onResult(boolean present, InternalRow row, long storedAt) {
    AttributionAnswer.Key key = new AttributionAnswer.Key(text(row, 7), text(row, 0), text(row, 1));
    resultChanges.incrementAndGet();
    lastChange.accumulateAndGet(storedAt, Math::max);
    if (!present) {
      resultDeletes.incrementAndGet();
      contents.remove(key);
      return;
    }
    AttributionAnswer.Row value =
        new AttributionAnswer.Row(
            text(row, 2), text(row, 3), row.getLong(4), text(row, 5), text(row, 6));
    contents.put(key, value);
    if (value.payAmt() != null) {
      resultStoredAt.putIfAbsent(new OrderVersion(key, value.payAmt()), storedAt);
    }
  }

  /** Columns: order_id, user_id, order_time, pay_amt, ds. */
  private synchronized void onOrder(boolean present, InternalRow row, long storedAt) {
    if (present) {
      AttributionAnswer.Key key =
          new AttributionAnswer.Key(text(row, 4), text(row, 1), text(row, 0));
      orderStoredAt.putIfAbsent(new OrderVersion(key, text(row, 3)), storedAt);
    }
  }

  /** Columns: user_id, first_page_time, pv, ds. */
  private synchronized void onVisit(boolean present, InternalRow row, long storedAt) {
    visitStoredAt.putIfAbsent(new VisitKey(text(row, 3), text(row, 0)), storedAt);
  }

  /** Columns: ds, window_days, visitors, buyers, conversion_rate, orders, gmv, unreadable_amts. */
  private synchronized void onConversion(boolean present, InternalRow row, long storedAt) {
    if (row.getInt(1) == 1) {
      conversions.put(
          text(row, 0),
          new AttributionAnswer.Conversion(
              row.getLong(2),
              row.getLong(3),
              row.getLong(5),
              row.getDecimal(6, 38, 6).toBigDecimal()));
    }
  }

  private static @Nullable String text(InternalRow row, int column) {
    return row.isNullAt(column) ? null : row.getString(column).toString();
  }

  /** Whether the result table holds exactly these rows now. */
  public synchronized boolean holds(Map<AttributionAnswer.Key, AttributionAnswer.Row> expected) {
    return contents.equals(expected);
  }

  /** What the result table holds now. */
  public synchronized Map<AttributionAnswer.Key, AttributionAnswer.Row> contents() {
    return Map.copyOf(contents);
  }

  /** What the conversions of each day are now, with a window of one day. */
  public synchronized SortedMap<String, AttributionAnswer.Conversion> conversions() {
    return new TreeMap<>(conversions);
  }

  /** How many rows the result table has now. */
  public synchronized int rows() {
    return contents.size();
  }

  /** How many changes the result table took so far. */
  public long resultChanges() {
    return resultChanges.get();
  }

  /** When the latest change was stored, in milliseconds since 1970; 0 before any. */
  long lastChange() {
    return lastChange.get();
  }

  long resultDeletes() {
    return resultDeletes.get();
  }

  /**
   * Milliseconds from order stored to result stored, sorted, of each version of an order that had
   * its visit already and was not overtaken by a later version before it was computed.
   */
  public synchronized long[] latencies() {
    List<Long> latencies = new ArrayList<>();
    orderStoredAt.forEach(
        (version, storedAt) -> {
          Long result = resultStoredAt.get(version);
          Long visit = visitStoredAt.get(new VisitKey(version.key().ds(), version.key().userId()));
          if (result != null && visit != null && visit <= storedAt && result >= storedAt) {
            latencies.add(result - storedAt);
          }
        });
    long[] sorted = latencies.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  /** Fails if one of the tables can no longer be followed. */
  public void check() {
    results.check();
    orders.check();
    visits.check();
    conversionTail.check();
  }

  @Override
  public void close() {
    results.close();
    orders.close();
    visits.close();
    conversionTail.close();
  }
}
