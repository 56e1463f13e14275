package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.uv.Behavior;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Instant;

/**
 * The logs of the wide tables' streams, lines of orders, and the dimensions of items. An item is in
 * the table of items before its first event is in a log. A replay that is run again appends the
 * rows of logs again, with the ids they had.
 */
final class WideTableSink implements ReplaySink {
  /** Stands in for what a shop has of each item to begin with. */
  private static final long FIRST_INVENTORY = 1_000;

  private static final int EVENTS_BETWEEN_WRITES = 1_000;

  private static final Schema PRODUCT =
      Schema.builder()
          .addStringField("item_id")
          .addInt64Field("product_id")
          .addInt64Field("shop_id")
          .addStringField("category")
          .build();
  private static final Schema PRICE =
      Schema.builder().addStringField("item_id").addDecimalField("price").build();
  private static final Schema STOCK =
      Schema.builder().addStringField("item_id").addInt64Field("inventory").build();

  private record Item(String category, BigDecimal price, long inventory) {}

  private record Write(BehaviorStream stream, Row row) {}

  private final EventTime time;
  private final boolean paced;
  private final TableWriter products;
  private final TableWriter prices;
  private final TableWriter stocks;
  private final Map<BehaviorStream, TableWriter> logs = new EnumMap<>(BehaviorStream.class);
  private final BehaviorRules rules = new BehaviorRules();
  private final Map<String, Item> items = new HashMap<>();
  private final Map<String, Long> lineUnits = new HashMap<>();
  private final List<Write> waiting = new ArrayList<>();
  private final AtomicLong rowsWritten = new AtomicLong();

  /**
   * @param paced whether each event must be on its way when its call returns; if not, some wait for
   *     each other
   */
  WideTableSink(FlussCluster cluster, String databasePrefix, ZoneId zone, boolean paced) {
    this.time = EventTime.in(zone);
    this.paced = paced;
    String database = databasePrefix + WideTableTables.DATABASE + ".";
    String table = database + WideTableTables.ITEMS;
    this.products = TableWriter.openPartial(cluster.describe(table), PRODUCT);
    this.prices = TableWriter.openPartial(cluster.describe(table), PRICE);
    this.stocks = TableWriter.openPartial(cluster.describe(table), STOCK);
    for (BehaviorStream stream : BehaviorStream.values()) {
      logs.put(stream, TableWriter.open(cluster.describe(database + stream.log()), schema(stream)));
    }
  }

  private static Schema schema(BehaviorStream stream) {
    Schema.Builder schema =
        Schema.builder()
            .addStringField(WideTableTables.eventId(stream))
            .addInt64Field("user_id")
            .addStringField("item_id")
            .addDateTimeField(WideTableTables.TIME)
            .addStringField(WideTableTables.DATE)
            .addStringField(WideTableTables.HOUR);
    if (stream == BehaviorStream.ORDERS) {
      schema.addStringField("order_id").addInt32Field("quantity").addDecimalField("amount");
    }
    return schema.build();
  }

  @Override
  public void happened(Event event, String id) {
    item(event);
    switch (event.type()) {
      case CART -> append(BehaviorStream.CARTS, event, id);
      case VIEW -> {
        for (Behavior behavior : rules.of(event)) {
          append(stream(behavior), event, id);
        }
      }
      case ORDER, CANCEL -> {}
    }
  }

  private static BehaviorStream stream(Behavior behavior) {
    return switch (behavior) {
      case EXPOSURE -> BehaviorStream.EXPOSURES;
      case VISIT -> BehaviorStream.VISITS;
      case CLICK -> BehaviorStream.CLICKS;
      case ORDER -> BehaviorStream.ORDERS;
    };
  }

  private void append(BehaviorStream stream, Event event, String id) {
    write(stream, Row.withSchema(schema(stream)).attachValues(values(event, id)));
  }

  @Override
  public void orderLine(OrderLine line) {
    Event event = line.ordered();
    List<Object> values = values(event, line.id());
    values.add(line.orderId());
    values.add(Math.toIntExact(line.units()));
    values.add(amount(event, line.units()));
    write(
        BehaviorStream.ORDERS, Row.withSchema(schema(BehaviorStream.ORDERS)).attachValues(values));
    Long before = lineUnits.put(line.id(), line.units());
    stock(event.itemId(), (before == null ? 0 : before) - line.units());
  }

  private static BigDecimal amount(Event event, long units) {
    return event
        .price()
        .multiply(BigDecimal.valueOf(units))
        .setScale(WideTableTables.SCALE, RoundingMode.UNNECESSARY);
  }

  private List<Object> values(Event event, String id) {
    long at = event.timestampMillis();
    List<Object> values = new ArrayList<>();
    values.add(id);
    values.add(BehaviorRules.userId(event));
    values.add(event.itemId());
    values.add(Instant.ofEpochMilli(at));
    values.add(time.ds(at));
    values.add(time.format(at).substring(11, 13));
    return values;
  }

  private void item(Event event) {
    String id = event.itemId();
    if (!ItemRules.isKnown(id)) {
      return;
    }
    Item before = items.get(id);
    long inventory = before == null ? FIRST_INVENTORY : before.inventory;
    BigDecimal price = event.price().setScale(WideTableTables.SCALE, RoundingMode.HALF_UP);
    Item now = new Item(event.category(), price, inventory);
    if (before == null || !before.category.equals(now.category)) {
      products.upsert(
          Row.withSchema(PRODUCT)
              .attachValues(id, ItemRules.productId(id), ItemRules.shopId(id), event.category()));
      rowsWritten.incrementAndGet();
    }
    if (before == null || before.price.compareTo(price) != 0) {
      prices.upsert(Row.withSchema(PRICE).attachValues(id, price));
      rowsWritten.incrementAndGet();
    }
    items.put(id, now);
    if (before == null) {
      stock(id, 0);
    }
    if (before == null && paced) {
      flushItems();
    }
  }

  private void stock(String itemId, long more) {
    Item item = items.get(itemId);
    if (item != null) {
      Item now = new Item(item.category, item.price, item.inventory + more);
      items.put(itemId, now);
      stocks.upsert(Row.withSchema(STOCK).attachValues(itemId, now.inventory));
      rowsWritten.incrementAndGet();
    }
  }

  private void write(BehaviorStream stream, Row row) {
    waiting.add(new Write(stream, row));
    if (paced) {
      writeWaiting();
    } else if (waiting.size() >= EVENTS_BETWEEN_WRITES) {
      flushItems();
      writeWaiting();
    }
  }

  private void flushItems() {
    products.flush();
    prices.flush();
    stocks.flush();
  }

  private void writeWaiting() {
    for (Write write : waiting) {
      logs.get(write.stream).upsert(write.row);
      rowsWritten.incrementAndGet();
    }
    waiting.clear();
  }

  @Override
  public void flush() {
    flushItems();
    writeWaiting();
    logs.values().forEach(TableWriter::flush);
  }

  @Override
  public long rowsWritten() {
    return rowsWritten.get();
  }

  @Override
  public void close() {
    products.close();
    prices.close();
    stocks.close();
    logs.values().forEach(TableWriter::close);
  }
}
