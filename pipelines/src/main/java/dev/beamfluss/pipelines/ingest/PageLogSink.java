package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.canary.PageLogColumns;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The log of what clients do, by {@link ClientRules}: views, clicks (what is put into a cart),
 * submitted orders, and the errors of views. A replay that is run again appends its rows again.
 */
final class PageLogSink implements ReplaySink {
  private final EventTime time;
  private final @Nullable Instant brokenFrom;
  private final TableWriter log;
  private final AtomicLong rowsWritten = new AtomicLong();

  PageLogSink(
      FlussCluster cluster, String databasePrefix, ZoneId zone, @Nullable Instant brokenFrom) {
    this.time = EventTime.in(zone);
    this.brokenFrom = brokenFrom;
    String table = databasePrefix + CanaryTables.DATABASE + "." + CanaryTables.PAGE_VIEWS;
    this.log = TableWriter.open(cluster.describe(table), PageLogColumns.schema());
  }

  @Override
  public void happened(Event event, String id) {
    switch (event.type()) {
      case VIEW -> {
        append(event, id, "page_view");
        boolean broken = brokenFrom != null && event.timestampMillis() >= brokenFrom.toEpochMilli();
        if (ClientRules.fails(event, broken)) {
          append(event, id + "-error", "api_error");
        }
      }
      case CART -> append(event, id, "item_click");
      case ORDER -> append(event, id, "order_submit");
      case CANCEL -> {}
    }
  }

  private void append(Event event, String id, String kind) {
    String release = ClientRules.isCanary(event) ? "grey" : "base";
    Map<String, Object> values = new HashMap<>();
    values.put("event_id", id);
    values.put("event_time", Instant.ofEpochMilli(event.timestampMillis()));
    values.put("client", ClientRules.client(event));
    values.put("app_version", release.equals("grey") ? "8.3.0" : "8.2.0");
    values.put("release", release);
    values.put("page", ClientRules.page(event));
    values.put("event", kind);
    values.put("user_id", BehaviorRules.userId(event));
    values.put("network", ClientRules.network(event));
    values.put("item_id", BehaviorRules.number(event.itemId()));
    values.put("order_id", event.orderId());
    values.put("success", !kind.equals("api_error"));
    values.put("country", event.country());
    values.put(PageLogColumns.ARGS, "app=shop,release_type=" + release);
    values.put(PageLogColumns.DS, time.ds(event.timestampMillis()));
    Row.Builder row = Row.withSchema(PageLogColumns.schema());
    PageLogColumns.ALL.forEach(column -> row.addValue(values.get(column.name())));
    log.upsert(row.build());
    rowsWritten.incrementAndGet();
  }

  @Override
  public void flush() {
    log.flush();
  }

  @Override
  public long rowsWritten() {
    return rowsWritten.get();
  }

  @Override
  public void close() {
    log.close();
  }
}
