package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.ExternalProperties;
import dev.beamfluss.pipelines.ingest.RecordIngestOptions.StartAt;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.beam.sdk.io.kafka.KafkaIO;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A topic, and how far a group has read it.
 *
 * <p>Its partitions are asked for when the pipeline is built, as a source that asks when a job
 * restarts, and gets no answer, would leave the job without input. Where the group has not read a
 * partition yet, its beginning is committed for it then, so that a reader that finds no offset, or
 * one that the topic has no more, fails: Kafka's own answer is to go on elsewhere, and to lose what
 * is between.
 */
final class Topic {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final Set<String> OURS =
      Set.of(
          ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
          ConsumerConfig.GROUP_ID_CONFIG,
          ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
          ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);

  private final String servers;
  private final String topic;
  private final String group;
  private final Consumers consumers;

  /**
   * Names it.
   *
   * @param servers {@code host:port,host:port}
   * @param external more of the consumer's properties, or null
   * @throws IllegalArgumentException if these cannot be read, or has one that is set here
   */
  Topic(String servers, String topic, String group, @Nullable ExternalProperties external) {
    this.servers = servers;
    this.topic = topic;
    this.group = group;
    this.consumers = new Consumers(external);
    // now, not on the workers first
    var unused = consumers.external();
  }

  /** Makes the consumers of the workers, each with the properties that the worker reads. */
  private static final class Consumers
      implements SerializableFunction<Map<String, Object>, Consumer<byte[], byte[]>> {
    private final @Nullable ExternalProperties external;

    Consumers(@Nullable ExternalProperties external) {
      this.external = external;
    }

    @Override
    public Consumer<byte[], byte[]> apply(Map<String, Object> configuration) {
      Map<String, Object> all = new HashMap<>(external());
      all.putAll(configuration);
      return new KafkaConsumer<>(all);
    }

    Map<String, String> external() {
      if (external == null) {
        return Map.of();
      }
      Map<String, String> read = external.read();
      for (String key : read.keySet()) {
        if (OURS.contains(key)) {
          throw new IllegalArgumentException(
              String.format(
                  "'%s' in the %s is set by the ingest itself. Take it out.", key, external));
        }
      }
      return read;
    }
  }

  /**
   * The read, endless, from where the group is. What is read is committed with each checkpoint.
   *
   * @param outOfOrderness how much earlier than another before it a record's time may be
   * @throws IllegalArgumentException if there is no such topic
   * @throws IllegalStateException if the brokers do not answer within 20 seconds
   */
  KafkaIO.Read<byte[], byte[]> read(StartAt start, Duration outOfOrderness) {
    return KafkaIO.<byte[], byte[]>read()
        .withBootstrapServers(servers)
        .withTopicPartitions(partitions(start))
        .withKeyDeserializer(ByteArrayDeserializer.class)
        .withValueDeserializer(ByteArrayDeserializer.class)
        .withConsumerConfigUpdates(new HashMap<>(configuration()))
        .withConsumerFactoryFn(consumers)
        .withTimestampPolicyFactory(
            new RecordTimes(org.joda.time.Duration.millis(outOfOrderness.toMillis())))
        .withReadCommitted()
        .commitOffsetsInFinalize();
  }

  private Map<String, Object> configuration() {
    return Map.of(
        ConsumerConfig.GROUP_ID_CONFIG,
        group,
        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
        "none",
        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
        false);
  }

  private List<TopicPartition> partitions(StartAt start) {
    return ask(
        consumer -> {
          List<TopicPartition> partitions =
              consumer.partitionsFor(topic, PATIENCE).stream()
                  .map(PartitionInfo::partition)
                  .sorted()
                  .map(partition -> new TopicPartition(topic, partition))
                  .toList();
          if (partitions.isEmpty()) {
            throw new IllegalArgumentException(
                String.format(
                    "There is no topic '%s' on the Kafka brokers at %s. Create it, or name another"
                        + " with --topic.",
                    topic, servers));
          }
          commitWhereMissing(consumer, partitions, start);
          return partitions;
        });
  }

  private static void commitWhereMissing(
      Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions, StartAt start) {
    Map<TopicPartition, OffsetAndMetadata> committed =
        consumer.committed(Set.copyOf(partitions), PATIENCE);
    List<TopicPartition> missing =
        partitions.stream().filter(partition -> committed.get(partition) == null).toList();
    Map<TopicPartition, OffsetAndMetadata> beginnings = new HashMap<>();
    (start == StartAt.EARLIEST
            ? consumer.beginningOffsets(missing, PATIENCE)
            : consumer.endOffsets(missing, PATIENCE))
        .forEach((partition, offset) -> beginnings.put(partition, new OffsetAndMetadata(offset)));
    if (!beginnings.isEmpty()) {
      consumer.commitSync(beginnings, PATIENCE);
    }
  }

  private <T> T ask(Function<Consumer<byte[], byte[]>, T> question) {
    Map<String, Object> all = new TreeMap<>(configuration());
    all.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
    all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put("allow.auto.create.topics", false);
    try (Consumer<byte[], byte[]> consumer = consumers.apply(all)) {
      return question.apply(consumer);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          String.format(
              "The Kafka brokers at %s did not answer within %d s. Check that they run and that this"
                  + " machine reaches them, and the security.protocol of --kafkaConfig.",
              servers, PATIENCE.toSeconds()),
          e);
    } catch (KafkaException e) {
      throw new IllegalStateException(
          String.format(
              "Topic '%s' cannot be read from the Kafka brokers at %s by group '%s': %s",
              topic, servers, group, e.getMessage()),
          e);
    }
  }
}
