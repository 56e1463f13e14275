package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/** The visit and order tables of attribution. */
final class AttributionSink implements ReplaySink {
  private static final Schema ORDER =
      Schema.builder()
          .addStringField("order_id")
          .addStringField("user_id")
          .addStringField("order_time")
          .addStringField("pay_amt")
          .addStringField("ds")
          .build();
  private static final Schema VISIT =
      Schema.builder()
          .addStringField("user_id")
          .addStringField("first_page_time")
          .addInt64Field("pv")
          .addStringField("ds")
          .build();

  private final TableWriter orders;
  private final TableWriter visits;
  private final AtomicLong rowsWritten = new AtomicLong();

  AttributionSink(FlussCluster cluster, String databasePrefix) {
    String database = databasePrefix + AttributionTables.DATABASE + ".";
    this.orders = TableWriter.open(cluster.describe(database + AttributionTables.ORDERS), ORDER);
    this.visits = TableWriter.open(cluster.describe(database + AttributionTables.VISITS), VISIT);
  }

  @Override
  public void upsertOrder(OrderRow row) {
    orders.upsert(orderRow(row));
    rowsWritten.incrementAndGet();
  }

  @Override
  public void deleteOrder(OrderRow row) {
    orders.delete(orderRow(row));
    rowsWritten.incrementAndGet();
  }

  @Override
  public void upsertVisit(VisitRow row) {
    visits.upsert(
        Row.withSchema(VISIT).attachValues(row.userId(), row.firstPageTime(), row.pv(), row.ds()));
    rowsWritten.incrementAndGet();
  }

  private static Row orderRow(OrderRow row) {
    return Row.withSchema(ORDER)
        .attachValues(row.orderId(), row.userId(), row.orderTime(), row.payAmt(), row.ds());
  }

  @Override
  public void flush() {
    orders.flush();
    visits.flush();
  }

  @Override
  public long rowsWritten() {
    return rowsWritten.get();
  }

  @Override
  public void close() {
    orders.close();
    visits.close();
  }
}
