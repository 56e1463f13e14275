package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.types.DataTypes;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Orders in a topic, bad ones among them, and what the tables have of them. */
final class OrderTopic {
  static final String LOG = "order_log";
  static final String LATEST = "order_latest";

  private static final int KEYS = 200;
  private static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");
  private static final Instant FIRST = Instant.parse("2026-03-01T10:00:00Z");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String LOG_MAPPING =
      """
      {
        "zone": "Asia/Shanghai",
        "columns": {
          "order_id": "order.id",
          "version": "order.version",
          "buyer": "/buyer/name",
          "price": "order.price",
          "paid": {"path": "state", "values": {"1": "true", "2": "false"}},
          "order_time": {"path": "ts", "time": "epoch-millis"},
          "source": {"constant": "app"},
          "ds": {"path": "ts", "time": "epoch-millis", "format": "uuuuMMdd"}
        }
      }
      """;

  private static final String LATEST_MAPPING =
      """
      {
        "zone": "UTC",
        "others": "ignore",
        "columns": {"order_id": "order.id", "version": "order.version", "buyer": "buyer.name"}
      }
      """;

  private final KafkaBroker kafka;
  private final String database;
  private final Random random;
  private final Set<Map<String, Object>> rows = new HashSet<>();
  private final Map<Long, Map<String, Object>> latest = new HashMap<>();
  private final Set<String> refused = new HashSet<>();
  private long sent;

  OrderTopic(KafkaBroker kafka, String database, long seed) throws Exception {
    this.kafka = kafka;
    this.database = database;
    this.random = new Random(seed);
    kafka.createTopic(name(), 3);
  }

  String name() {
    return "orders-" + database;
  }

  /** A file for each table, whose name it has. */
  static void writeMappings(Path directory) throws Exception {
    Files.writeString(directory.resolve(LOG), LOG_MAPPING);
    Files.writeString(directory.resolve(LATEST), LATEST_MAPPING);
  }

  void createTables(String bootstrapServers) {
    TableDescriptor log =
        TableDescriptor.builder()
            .schema(
                Schema.newBuilder()
                    .column("order_id", DataTypes.BIGINT().copy(false))
                    .column("version", DataTypes.INT())
                    .column("buyer", DataTypes.STRING())
                    .column("price", DataTypes.DECIMAL(10, 2))
                    .column("paid", DataTypes.BOOLEAN())
                    .column("order_time", DataTypes.TIMESTAMP_LTZ(3))
                    .column("source", DataTypes.STRING())
                    .column("remark", DataTypes.STRING())
                    .column("ds", DataTypes.STRING())
                    .build())
            .partitionedBy("ds")
            .distributedBy(2)
            .build();
    TableDescriptor keyed =
        TableDescriptor.builder()
            .schema(
                Schema.newBuilder()
                    .column("order_id", DataTypes.BIGINT())
                    .column("version", DataTypes.INT())
                    .column("buyer", DataTypes.STRING())
                    .column("remark", DataTypes.STRING())
                    .primaryKey("order_id")
                    .build())
            .distributedBy(2)
            .build();
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      creator.create(new TableDefinition(database, LOG, log));
      creator.create(new TableDefinition(database, LATEST, keyed));
      creator.create(DeadLetters.definition(database, TableOptions.defaults().withBucketNum(1)));
    }
  }

  /** Sends so many orders. */
  void send(int number) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = kafka.producer()) {
      List<Future<RecordMetadata>> acknowledgements = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        acknowledgements.add(producer.send(order()));
      }
      for (Future<RecordMetadata> acknowledgement : acknowledgements) {
        acknowledgement.get(60, TimeUnit.SECONDS);
      }
    }
  }

  private ProducerRecord<byte[], byte[]> order() {
    long id = random.nextInt(KEYS);
    int version = (int) sent;
    String buyer = random.nextInt(10) == 0 ? null : "b\u00fcy\u4e70-" + random.nextInt(1000);
    BigDecimal price = BigDecimal.valueOf(random.nextInt(100_000), 2);
    boolean paid = random.nextBoolean();
    Instant at = FIRST.plusSeconds(random.nextInt(24 * 60 * 60));
    ObjectNode json = JSON.createObjectNode();
    json.putObject("order").put("id", id).put("version", version).put("price", price);
    json.putObject("buyer").put("name", buyer);
    json.put("state", paid ? 1 : 2).put("ts", at.toEpochMilli());

    Map<String, Object> row = new HashMap<>();
    row.put("order_id", id);
    row.put("version", version);
    row.put("buyer", buyer);
    row.put("price", price);
    row.put("paid", paid);
    row.put("order_time", TimestampLtz.fromEpochMillis(at.toEpochMilli()));
    row.put("source", "app");
    row.put("remark", null);
    row.put("ds", DateTimeFormatter.ofPattern("uuuuMMdd").withZone(ZONE).format(at));
    rows.add(row);

    Map<String, Object> now = new HashMap<>();
    now.put("order_id", id);
    now.put("version", version);
    now.put("buyer", buyer);
    now.put("remark", remark(id));
    latest.put(id, now);
    return keyed(id, json.toString().getBytes(UTF_8), at.toEpochMilli());
  }

  private ProducerRecord<byte[], byte[]> keyed(long key, byte @Nullable [] value, long at) {
    sent++;
    return new ProducerRecord<>(name(), null, at, Long.toString(key).getBytes(UTF_8), value);
  }

  /** What somebody else keeps in the table of the latest orders. */
  static String remark(long id) {
    return "remark of " + id;
  }

  static List<Map<String, Object>> remarks() {
    List<Map<String, Object>> result = new ArrayList<>();
    for (long id = 0; id < KEYS; id++) {
      result.add(Map.of("order_id", id, "remark", remark(id)));
    }
    return result;
  }

  /** Sends what is no order. */
  void sendBad() throws Exception {
    Map<String, byte[]> bad = new HashMap<>();
    String order = "{\"order\": {\"id\": 7, \"version\": 1, \"price\": ";
    bad.put("it has no value", null);
    bad.put("its value is no text in UTF-8", new byte[] {'{', (byte) 0xff, '}'});
    bad.put("it is no JSON that can be read", "{\"order\": ".getBytes(UTF_8));
    bad.put("it is no JSON object", "[7]".getBytes(UTF_8));
    bad.put("column price: 'much' is no number", (order + "\"much\"}}").getBytes(UTF_8));
    bad.put("column ds", (order + "1}, \"ts\": null}").getBytes(UTF_8));
    bad.put("field order.colour: no column", (order + "1, \"colour\": 3}}").getBytes(UTF_8));
    bad.put("column order_id: it has no value", "{\"ts\": 1772359200000}".getBytes(UTF_8));
    // a row, which the table does not take
    bad.put("price", (order + "123456789.5}, \"ts\": 1772359200000}").getBytes(UTF_8));
    try (KafkaProducer<byte[], byte[]> producer = kafka.producer()) {
      for (Map.Entry<String, byte[]> each : bad.entrySet()) {
        // a time that Beam cannot have
        var unused =
            producer
                .send(keyed(random.nextInt(KEYS), each.getValue(), Long.MAX_VALUE))
                .get(60, TimeUnit.SECONDS);
        refused.add(each.getKey());
      }
    }
  }

  /** All that was sent, bad or not. */
  long sent() {
    return sent;
  }

  /** Of {@link #LOG}. */
  Set<Map<String, Object>> rows() {
    return Set.copyOf(rows);
  }

  /** Of {@link #LATEST}, whose remarks are planted for all. */
  Set<Map<String, Object>> latest() {
    Set<Map<String, Object>> result = new HashSet<>();
    for (long id = 0; id < KEYS; id++) {
      Map<String, Object> none = new HashMap<>();
      none.put("order_id", id);
      none.put("version", null);
      none.put("buyer", null);
      none.put("remark", remark(id));
      result.add(latest.getOrDefault(id, none));
    }
    return result;
  }

  /** A part of each reason in the dead letters. */
  Set<String> refused() {
    return Set.copyOf(refused);
  }
}
