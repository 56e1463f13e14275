package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.beam.sdk.values.Row;

/** Random changes of visits and orders, written to their tables and to maps in memory. */
final class VisitsAndOrders implements AutoCloseable {
  static final String NO_ORDER = "none";
  static final int USERS = 6;
  private static final int ORDERS_A_VISIT = 4;
  static final List<String> DAYS = List.of("20260101", "20260102", "20260103");

  private record Visit(String user, String day) implements Comparable<Visit> {
    @Override
    public int compareTo(Visit other) {
      return (user + day).compareTo(other.user + other.day);
    }
  }

  private record Order(Visit visit, String id) implements Comparable<Order> {
    @Override
    public int compareTo(Order other) {
      int byVisit = visit.compareTo(other.visit);
      return byVisit != 0 ? byVisit : id.compareTo(other.id);
    }
  }

  private record VisitValues(String firstPageTime, long pv) {}

  private record OrderValues(String orderTime, long payAmt) {}

  private final Random random;
  private final FlussTable visitTable;
  private final FlussTable orderTable;
  private final TableWriter visitWriter;
  private final TableWriter orderWriter;
  private final Map<Visit, VisitValues> visits = new TreeMap<>();
  private final Map<Order, OrderValues> orders = new TreeMap<>();

  VisitsAndOrders(FlussCluster cluster, String visitTable, String orderTable, long seed) {
    this.random = new Random(seed);
    this.visitTable = cluster.describe(visitTable);
    this.orderTable = cluster.describe(orderTable);
    this.visitWriter = TableWriter.open(this.visitTable, this.visitTable.schema());
    this.orderWriter = TableWriter.open(this.orderTable, this.orderTable.schema());
  }

  /**
   * Makes some changes, acknowledged when this returns.
   *
   * @param days how many of the days there are by now
   */
  void change(int number, int days) {
    change(number, DAYS.subList(0, days));
  }

  /** Makes some changes on these days, acknowledged when this returns. */
  void change(int number, List<String> days) {
    for (int i = 0; i < number; i++) {
      String day = days.get(random.nextInt(days.size()));
      Visit visit = new Visit("user" + random.nextInt(USERS), day);
      if (random.nextInt(5) < 2) {
        if (random.nextInt(3) == 0) {
          deleteVisit(visit);
        } else {
          putVisit(visit);
        }
      } else {
        Order order = new Order(visit, "order" + random.nextInt(ORDERS_A_VISIT));
        if (random.nextInt(3) == 0) {
          deleteOrder(order);
        } else {
          putOrder(order);
        }
      }
    }
    flush();
  }

  private void putVisit(Visit visit) {
    VisitValues values = new VisitValues(time(), random.nextInt(100));
    visits.put(visit, values);
    visitWriter.upsert(visitRow(visit, values));
  }

  private void putOrder(Order order) {
    OrderValues values = new OrderValues(time(), random.nextInt(10_000));
    orders.put(order, values);
    orderWriter.upsert(orderRow(order, values));
  }

  void changeEveryVisit(String day) {
    visits.keySet().stream().filter(visit -> visit.day().equals(day)).forEach(this::putVisit);
    flush();
  }

  /** Puts all that there can be. */
  void changeEveryOrder(String day) {
    for (int user = 0; user < USERS; user++) {
      for (int order = 0; order < ORDERS_A_VISIT; order++) {
        putOrder(new Order(new Visit("user" + user, day), "order" + order));
      }
    }
    flush();
  }

  /** Their partition is dropped, which no change tells of. */
  void forgetVisits(String day) {
    visits.keySet().removeIf(visit -> visit.day().equals(day));
  }

  /** Their partition is dropped, which no change tells of. */
  void forgetOrders(String day) {
    orders.keySet().removeIf(order -> order.visit().day().equals(day));
  }

  /** Deletes every row of both sides of some keys at once. */
  void deleteBothSides(int keys) {
    for (Visit visit : List.copyOf(visits.keySet()).subList(0, Math.min(keys, visits.size()))) {
      deleteVisit(visit);
      for (Order order : List.copyOf(orders.keySet())) {
        if (order.visit().equals(visit)) {
          deleteOrder(order);
        }
      }
    }
    flush();
  }

  private void deleteVisit(Visit visit) {
    visits.remove(visit);
    visitWriter.delete(visitRow(visit, new VisitValues("", 0)));
  }

  private void deleteOrder(Order order) {
    orders.remove(order);
    orderWriter.delete(orderRow(order, new OrderValues("", 0)));
  }

  private void flush() {
    visitWriter.flush();
    orderWriter.flush();
  }

  private String time() {
    return String.format("%02d:%02d", random.nextInt(24), random.nextInt(60));
  }

  private Row visitRow(Visit visit, VisitValues values) {
    return Row.withSchema(visitTable.schema())
        .addValues(visit.user(), visit.day(), values.firstPageTime(), values.pv())
        .build();
  }

  private Row orderRow(Order order, OrderValues values) {
    return Row.withSchema(orderTable.schema())
        .addValues(
            order.visit().user(),
            order.visit().day(),
            order.id(),
            values.orderTime(),
            values.payAmt())
        .build();
  }

  /** The join of what both sides hold now, a list of the sink's columns by its key. */
  Map<String, List<Object>> joined(boolean outer) {
    Map<String, List<Object>> result = new TreeMap<>();
    visits.forEach(
        (visit, v) -> {
          boolean[] any = {false};
          orders.forEach(
              (order, o) -> {
                if (order.visit().equals(visit)) {
                  any[0] = true;
                  String matched = isMatched(v.firstPageTime(), o.orderTime());
                  put(result, visit, v, order.id(), o.orderTime(), o.payAmt(), matched);
                }
              });
          if (outer && !any[0]) {
            put(result, visit, v, NO_ORDER, null, null, isMatched(v.firstPageTime(), null));
          }
        });
    return result;
  }

  /**
   * The join where an order matches visits of its day and of the days before, with user, day, time,
   * pv, the order's day, its id and its amount, by the sink's key.
   */
  Map<String, List<Object>> windowed(JoinType type, int days) {
    Map<String, List<Object>> result = new TreeMap<>();
    visits.forEach(
        (visit, v) -> {
          List<List<Object>> matches = new ArrayList<>();
          orders.forEach(
              (order, o) -> {
                int late = DAYS.indexOf(order.visit().day()) - DAYS.indexOf(visit.day());
                if (order.visit().user().equals(visit.user()) && late >= 0 && late < days) {
                  matches.add(List.of(order.visit().day(), order.id(), o.payAmt()));
                }
              });
          if (matches.isEmpty() && type.keepsLeft()) {
            matches.add(Arrays.asList(NO_ORDER, NO_ORDER, null));
          }
          for (List<Object> match : matches) {
            List<Object> row =
                new ArrayList<>(List.of(visit.user(), visit.day(), v.firstPageTime(), v.pv()));
            row.addAll(match);
            result.put(List.of(row.get(0), row.get(1), row.get(4), row.get(5)).toString(), row);
          }
        });
    return result;
  }

  static String isMatched(String firstPageTime, String orderTime) {
    return orderTime == null ? "no order" : firstPageTime.compareTo(orderTime) <= 0 ? "yes" : "no";
  }

  private static void put(
      Map<String, List<Object>> result, Visit visit, VisitValues values, Object... right) {
    Object[] row = new Object[8];
    row[0] = visit.user();
    row[1] = visit.day();
    row[2] = values.firstPageTime();
    row[3] = values.pv();
    System.arraycopy(right, 0, row, 4, right.length);
    result.put(List.of(row[0], row[1], row[4]).toString(), Arrays.asList(row));
  }

  @Override
  public void close() {
    visitWriter.close();
    orderWriter.close();
  }
}
