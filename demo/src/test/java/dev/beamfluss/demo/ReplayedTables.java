package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.IngestRules;
import dev.beamfluss.pipelines.ingest.OrderRow;
import dev.beamfluss.pipelines.ingest.VisitRow;
import java.util.HashMap;
import java.util.Map;

/** The two tables after everything was written, and their naive join. */
final class ReplayedTables implements IngestRules.Sink {

  private record OrderKey(String userId, String ds, String orderId) {
    static OrderKey of(OrderRow row) {
      return new OrderKey(row.userId(), row.ds(), row.orderId());
    }
  }

  private record VisitKey(String userId, String ds) {}

  private final Map<OrderKey, OrderRow> orders = new HashMap<>();
  private final Map<VisitKey, VisitRow> visits = new HashMap<>();

  @Override
  public void upsertOrder(OrderRow row) {
    orders.put(OrderKey.of(row), row);
  }

  @Override
  public void deleteOrder(OrderRow key) {
    orders.remove(OrderKey.of(key));
  }

  @Override
  public void upsertVisit(VisitRow row) {
    visits.put(new VisitKey(row.userId(), row.ds()), row);
  }

  /** The reference's LEFT JOIN. */
  Map<AttributionAnswer.Key, AttributionAnswer.Row> join() {
    Map<AttributionAnswer.Key, AttributionAnswer.Row> joined = new HashMap<>();
    for (VisitRow visit : visits.values()) {
      joined.put(
          new AttributionAnswer.Key(visit.ds(), visit.userId(), ""),
          new AttributionAnswer.Row(visit.firstPageTime(), null, visit.pv(), null, "0"));
    }
    for (OrderRow order : orders.values()) {
      VisitRow visit = visits.get(new VisitKey(order.userId(), order.ds()));
      if (visit != null) {
        joined.remove(new AttributionAnswer.Key(visit.ds(), visit.userId(), ""));
        joined.put(
            new AttributionAnswer.Key(visit.ds(), visit.userId(), order.orderId()),
            new AttributionAnswer.Row(
                visit.firstPageTime(),
                order.orderTime(),
                visit.pv(),
                order.payAmt(),
                order.orderTime().compareTo(visit.firstPageTime()) >= 0 ? "1" : "0"));
      }
    }
    return joined;
  }
}
