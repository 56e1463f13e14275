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

/** A Kafka broker inside this JVM, which is its own controller, on loopback ports. */
final class KafkaBroker implements AutoCloseable {
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
              "listeners", "PLAINTEXT://" + servers + ",CONTROLLER://" + controller,
              "log.dirs", directory.resolve("logs").toString(),
              // the records of the tests are old, by their own times
              "log.retention.ms", "-1",
              "auto.create.topics.enable", "false",
              "offsets.topic.num.partitions", "1",
              "offsets.topic.replication.factor", "1"));
    }
    format(directory, properties);
    server = new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM);
    server.startup();
    admin = Admin.create(Map.of("bootstrap.servers", servers));
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
            new String[] {"format", "-t", Uuid.randomUuid().toString(), "-c", file.toString()},
            new PrintStream(said, true, StandardCharsets.UTF_8));
    assertThat(said.toString(StandardCharsets.UTF_8), status, is(0));
  }

  String servers() {
    return servers;
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
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", servers, "linger.ms", 5),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  @Override
  public void close() {
    admin.close();
    server.shutdown();
    server.awaitShutdown();
  }
}
