package dev.beamfluss.e2e;

import dev.beamfluss.pipelines.attribution.AttributionTables;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;

/**
 * A shop whose visits and orders change at random, some days apart and in no order of days: writes
 * them by Fluss's own client, and knows by plain loops what attribution makes of them.
 */
@SuppressWarnings("try") // an interrupt while closing fails the test
final class Shop implements AutoCloseable {
  private static final DateTimeFormatter DS = DateTimeFormatter.BASIC_ISO_DATE;
  private static final LocalDate FIRST_DAY = LocalDate.of(2026, 2, 26);

  private record UserDay(String user, String ds) {}

  private record Visit(String firstPageTime, long pv) {}

  private record OrderKey(String user, String ds, String order) {}

  private record Order(String orderTime, String payAmt) {}

  private final Random random;
  private final int users;
  private final int days;
  private final Table visitTable;
  private final Table orderTable;
  private final UpsertWriter visitWriter;
  private final UpsertWriter orderWriter;
  private final Map<UserDay, Visit> visits = new HashMap<>();
  private final Map<OrderKey, Order> orders = new HashMap<>();
  private final List<CompletableFuture<?>> written = new ArrayList<>();
  private int nextOrder;

  Shop(Connection connection, String database, long seed, int users, int days) throws Exception {
    this.random = new Random(seed);
    this.users = users;
    this.days = days;
    this.visitTable = connection.getTable(TablePath.of(database, AttributionTables.VISITS));
    this.orderTable = connection.getTable(TablePath.of(database, AttributionTables.ORDERS));
    this.visitWriter = visitTable.newUpsert().createWriter();
    this.orderWriter = orderTable.newUpsert().createWriter();
    for (Table table : List.of(visitTable, orderTable)) {
      for (int day = 0; day < days; day++) {
        connection
            .getAdmin()
            .createPartition(
                table.getTableInfo().getTablePath(),
                new PartitionSpec(Map.of("ds", day(day))),
                true)
            .get(60, TimeUnit.SECONDS);
      }
    }
  }

  static String day(int number) {
    return FIRST_DAY.plusDays(number).format(DS);
  }

  /** So many random changes, all of which are stored when it returns. */
  void change(int times) throws Exception {
    for (int i = 0; i < times; i++) {
      int what = random.nextInt(10);
      if (what < 4) {
        visit();
      } else if (what < 7) {
        order();
      } else if (what < 8 && !orders.isEmpty()) {
        changeAmount(anyOf(orders));
      } else if (what < 9 && !orders.isEmpty()) {
        cancel(anyOf(orders));
      } else if (!visits.isEmpty() && random.nextInt(4) == 0) {
        forget(anyOf(visits));
      }
    }
    for (CompletableFuture<?> write : written) {
      write.get(60, TimeUnit.SECONDS);
    }
    written.clear();
  }

  private <K> K anyOf(Map<K, ?> map) {
    List<K> keys = new ArrayList<>(map.keySet());
    keys.sort((a, b) -> a.toString().compareTo(b.toString()));
    return keys.get(random.nextInt(keys.size()));
  }

  private void visit() {
    UserDay key = new UserDay(user(), day(random.nextInt(days)));
    Visit before = visits.get(key);
    String time = time(key.ds);
    String first =
        before == null || time.compareTo(before.firstPageTime) < 0 ? time : before.firstPageTime;
    Visit visit = new Visit(first, before == null ? 1 : before.pv + 1);
    visits.put(key, visit);
    written.add(
        visitWriter.upsert(
            GenericRow.of(text(key.user), text(visit.firstPageTime), visit.pv, text(key.ds))));
  }

  private void forget(UserDay key) {
    visits.remove(key);
    written.add(visitWriter.delete(GenericRow.of(text(key.user), null, null, text(key.ds))));
  }

  private void order() {
    String ds = day(random.nextInt(days));
    put(new OrderKey(user(), ds, "order" + nextOrder++), new Order(time(ds), amount()));
  }

  private void changeAmount(OrderKey key) {
    put(key, new Order(orders.get(key).orderTime, amount()));
  }

  private void put(OrderKey key, Order order) {
    orders.put(key, order);
    written.add(
        orderWriter.upsert(
            GenericRow.of(
                text(key.order),
                text(key.user),
                text(order.orderTime),
                text(order.payAmt),
                text(key.ds))));
  }

  private void cancel(OrderKey key) {
    orders.remove(key);
    written.add(
        orderWriter.delete(
            GenericRow.of(text(key.order), text(key.user), null, null, text(key.ds))));
  }

  private String user() {
    return "user" + random.nextInt(users);
  }

  private String time(String ds) {
    return String.format(
        Locale.ROOT,
        "%s %02d:%02d:%02d.000",
        LocalDate.parse(ds, DS),
        random.nextInt(24),
        random.nextInt(60),
        random.nextInt(60));
  }

  private String amount() {
    return switch (random.nextInt(12)) {
      case 0 -> "free";
      case 1 -> null;
      case 2 -> "1e3";
      default -> BigDecimal.valueOf(random.nextInt(100_000), 2).toPlainString();
    };
  }

  private static BinaryString text(String value) {
    return value == null ? null : BinaryString.fromString(value);
  }

  /** What the result table must hold. */
  Set<Map<String, Object>> result(int windowDays) {
    Set<Map<String, Object>> result = new HashSet<>();
    visits.forEach(
        (key, visit) -> {
          boolean any = false;
          for (Map.Entry<OrderKey, Order> order : orders.entrySet()) {
            if (counts(key, order.getKey(), windowDays)) {
              result.add(row(key, visit, order.getKey(), order.getValue(), windowDays));
              any = true;
            }
          }
          if (!any) {
            result.add(
                row(key, visit, new OrderKey("", "", ""), new Order(null, null), windowDays));
          }
        });
    return result;
  }

  private static boolean counts(UserDay visit, OrderKey order, int windowDays) {
    LocalDate from = LocalDate.parse(visit.ds, DS);
    LocalDate of = LocalDate.parse(order.ds, DS);
    return visit.user.equals(order.user)
        && !of.isBefore(from)
        && of.isBefore(from.plusDays(windowDays));
  }

  private static boolean matches(Visit visit, Order order) {
    return order.orderTime != null && order.orderTime.compareTo(visit.firstPageTime) >= 0;
  }

  private static Map<String, Object> row(
      UserDay key, Visit visit, OrderKey orderKey, Order order, int windowDays) {
    Map<String, Object> row = new HashMap<>();
    row.put("user_id", key.user);
    row.put("ds", key.ds);
    row.put("first_page_time", visit.firstPageTime);
    row.put("pv", visit.pv);
    row.put("order_id", orderKey.order);
    row.put("order_time", order.orderTime);
    row.put("pay_amt", order.payAmt);
    row.put("is_matched", matches(visit, order) ? "1" : "0");
    if (windowDays > 1) {
      row.put("order_ds", orderKey.ds);
    }
    return row;
  }

  /** What the table of conversions must hold, of days that have visitors. */
  Set<Map<String, Object>> conversions(int windowDays) {
    Map<String, Set<String>> visitors = new TreeMap<>();
    visits
        .keySet()
        .forEach(key -> visitors.computeIfAbsent(key.ds, ds -> new HashSet<>()).add(key.user));
    Set<Map<String, Object>> conversions = new HashSet<>();
    visitors.forEach(
        (ds, all) -> {
          Set<String> buyers = new HashSet<>();
          long matched = 0;
          long unreadable = 0;
          BigDecimal gmv = new BigDecimal("0.000000");
          for (Map<String, Object> row : result(windowDays)) {
            if (row.get("ds").equals(ds) && row.get("is_matched").equals("1")) {
              buyers.add((String) row.get("user_id"));
              matched++;
              String amount = (String) row.get("pay_amt");
              if (amount == null || amount.contains("e")) {
                unreadable++;
              } else {
                gmv = gmv.add(new BigDecimal(amount));
              }
            }
          }
          Map<String, Object> row = new HashMap<>();
          row.put("ds", ds);
          row.put("window_days", windowDays);
          row.put("visitors", (long) all.size());
          row.put("buyers", (long) buyers.size());
          row.put("conversion_rate", (double) buyers.size() / all.size());
          row.put("orders", matched);
          row.put("gmv", gmv);
          row.put("unreadable_amts", unreadable);
          conversions.add(row);
        });
    return conversions;
  }

  @Override
  public void close() throws Exception {
    visitTable.close();
    orderTable.close();
  }
}
