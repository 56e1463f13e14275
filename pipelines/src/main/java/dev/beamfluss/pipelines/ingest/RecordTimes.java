package dev.beamfluss.pipelines.ingest;

import java.util.Optional;
import org.apache.beam.sdk.io.kafka.CustomTimestampPolicyWithLimitedDelay;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.io.kafka.TimestampPolicy;
import org.apache.beam.sdk.io.kafka.TimestampPolicyFactory;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.kafka.common.TopicPartition;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Event time is the record's timestamp, whoever has set it, the producer or the broker (Beam's own
 * policy takes the producer's only, and fails on a topic of the other kind). The watermark is the
 * latest of a partition less how late others may be, and goes on with the clock where a partition
 * has no more records.
 */
final class RecordTimes implements TimestampPolicyFactory<byte[], byte[]> {
  private final Duration outOfOrderness;

  RecordTimes(Duration outOfOrderness) {
    this.outOfOrderness = outOfOrderness;
  }

  @Override
  public TimestampPolicy<byte[], byte[]> createTimestampPolicy(
      TopicPartition partition, Optional<Instant> previousWatermark) {
    return new CustomTimestampPolicyWithLimitedDelay<>(
        RecordTimes::time, outOfOrderness, previousWatermark);
  }

  /** Within what Beam can have: a producer may send any number. */
  private static Instant time(KafkaRecord<byte[], byte[]> element) {
    long millis = element.getTimestamp();
    return Instant.ofEpochMilli(
        Math.max(
            BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis(),
            Math.min(GlobalWindow.INSTANCE.maxTimestamp().getMillis(), millis)));
  }
}
