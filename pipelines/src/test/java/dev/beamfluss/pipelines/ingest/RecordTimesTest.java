package dev.beamfluss.pipelines.ingest;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import java.util.Optional;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.io.kafka.KafkaTimestampType;
import org.apache.beam.sdk.io.kafka.TimestampPolicy;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.kafka.common.TopicPartition;
import org.joda.time.Duration;
import org.joda.time.Instant;
import org.junit.jupiter.api.Test;

class RecordTimesTest {
  private static final Instant NOW = Instant.now();
  private static final Instant TEN = Instant.parse("2026-03-01T10:00:00Z");

  private final TimestampPolicy<byte[], byte[]> policy =
      new RecordTimes(Duration.standardSeconds(5))
          .createTimestampPolicy(new TopicPartition("t", 0), Optional.empty());

  private static TimestampPolicy.PartitionContext context(long backlog) {
    return new TimestampPolicy.PartitionContext() {
      @Override
      public long getMessageBacklog() {
        return backlog;
      }

      @Override
      public Instant getBacklogCheckTime() {
        return NOW;
      }
    };
  }

  private Instant time(long millis, KafkaTimestampType type) {
    return policy.getTimestampForRecord(
        context(10), new KafkaRecord<>("t", 0, 0, millis, type, null, new byte[0], new byte[0]));
  }

  @Test
  void theWatermarkIsBehindTheLatestRecordOfEitherType() {
    assertThat(time(TEN.getMillis(), KafkaTimestampType.CREATE_TIME), is(TEN));
    assertThat(policy.getWatermark(context(10)), is(TEN.minus(Duration.standardSeconds(5))));
    Instant later = TEN.plus(Duration.standardSeconds(60));
    assertThat(time(later.getMillis(), KafkaTimestampType.LOG_APPEND_TIME), is(later));
    assertThat(policy.getWatermark(context(10)), is(later.minus(Duration.standardSeconds(5))));
    assertThat(time(TEN.getMillis(), KafkaTimestampType.CREATE_TIME), is(TEN));
    assertThat(policy.getWatermark(context(10)), is(later.minus(Duration.standardSeconds(5))));
  }

  @Test
  void anIdlePartitionGoesOnWithTheClock() {
    time(TEN.getMillis(), KafkaTimestampType.CREATE_TIME);
    assertThat(policy.getWatermark(context(0)), is(NOW.minus(Duration.standardSeconds(5))));
  }

  @Test
  void aTimeBeyondAllIsTheLastAndEndsNothing() {
    assertThat(
        time(Long.MAX_VALUE, KafkaTimestampType.CREATE_TIME),
        is(GlobalWindow.INSTANCE.maxTimestamp()));
    assertThat(policy.getWatermark(context(10)), is(lessThanOrEqualTo(Instant.now())));
  }
}
