package dev.beamfluss.e2e;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Time;

/**
 * A Kafka broker inside this JVM, which is its own controller, on loopback ports. It lets in who
 * has a password (SASL/PLAIN).
 */
final class KafkaBroker implements AutoCloseable {
  static final String PASSWORD = "swordfish-for-kafka";
  private static final String USER = "pipeline";
  private static final String LOGIN =
      "org.apache.kafka.common.security.scram.ScramLoginModule required";
  private static final String MECHANISM = "SCRAM-SHA-256";

  private final KafkaRaftServer server;
  private final String servers;
  private final Admin admin;

  KafkaBroker(Path directory) throws IOException {
    Properties properties = new Properties();
    try (ServerSocket clients = freePort();
        ServerSocket controllers = freePort()) {
      servers = "localhost:" + clients.getLocalPort();
      String controller = "localhost:" + controllers.getLocalPort();
      properties.putAll(
          Map.of(
              "process.roles", "broker,controller",
              "node.id", "1",
              "controller.quorum.voters", "1@" + controller,
              "controller.listener.names", "CONTROLLER",
              "listeners", "CLIENT://" + servers + ",CONTROLLER://" + controller,
              "log.dirs", directory.resolve("logs").toString(),
              // the records of the tests are old, by their own times
              "log.retention.ms", "-1",
              "auto.create.topics.enable", "false",
              "offsets.topic.num.partitions", "1",
              "offsets.topic.replication.factor", "1"));
      properties.putAll(
          Map.of(
              "listener.security.protocol.map",
              "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
              "inter.broker.listener.name",
              "CLIENT",
              "sasl.mechanism.inter.broker.protocol",
              MECHANISM,
              "sasl.enabled.mechanisms",
              MECHANISM,
              "listener.name.client.scram-sha-256.sasl.jaas.config",
              LOGIN + ";"));
    }
    format(directory, properties);
    server = new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM);
    server.startup();
    admin = Admin.create(clients());
  }

  private static ServerSocket freePort() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  private static void format(Path directory, Properties properties) throws IOException {
    Path file = directory.resolve("server.properties");
    try (OutputStream out = Files.newOutputStream(file)) {
      properties.store(out, null);
    }
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    int status =
        StorageTool.execute(
            new String[] {
              "format",
              "-t",
              Uuid.randomUuid().toString(),
              "-c",
              file.toString(),
              "--add-scram",
              "%s=[name=%s,password=%s]".formatted(MECHANISM, USER, PASSWORD)
            },
            new PrintStream(said, true, StandardCharsets.UTF_8));
    assertThat(said.toString(StandardCharsets.UTF_8), status, is(0));
  }

  String servers() {
    return servers;
  }

  /** The properties of clients that it lets in if this is the password, but for its address. */
  static Map<String, String> security(String password) {
    return Map.of(
        "security.protocol",
        "SASL_PLAINTEXT",
        "sasl.mechanism",
        MECHANISM,
        "sasl.jaas.config",
        "%s username=%s password='%s';".formatted(LOGIN, USER, password));
  }

  private Map<String, Object> clients() {
    Map<String, Object> clients = new HashMap<>(security(PASSWORD));
    clients.put("bootstrap.servers", servers);
    return clients;
  }

  void createTopic(String name, int partitions) throws Exception {
    admin
        .createTopics(List.of(new NewTopic(name, partitions, (short) 1)))
        .all()
        .get(30, TimeUnit.SECONDS);
  }

  /** How many records a group has committed that it has read, of all partitions. */
  long committed(String group) throws Exception {
    return admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get(30, TimeUnit.SECONDS)
        .values()
        .stream()
        .mapToLong(offset -> offset.offset())
        .sum();
  }

  /** Deletes what is before an offset, as retention does. */
  void deleteBefore(org.apache.kafka.common.TopicPartition partition, long offset)
      throws Exception {
    admin
        .deleteRecords(
            Map.of(partition, org.apache.kafka.clients.admin.RecordsToDelete.beforeOffset(offset)))
        .all()
        .get(30, TimeUnit.SECONDS);
  }

  KafkaProducer<byte[], byte[]> producer() {
    Map<String, Object> properties = clients();
    properties.put("linger.ms", 5);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public void close() {
    admin.close();
    server.shutdown();
    server.awaitShutdown();
  }
}
