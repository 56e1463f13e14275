package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.IOException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.beam.sdk.io.UnboundedSource.UnboundedReader;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.SourceTestUtils;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.joda.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a split says of its event time and of what lies ahead of it. */
class ReadWatermarkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final PipelineOptions OPTIONS = PipelineOptionsFactory.create();
  private static final PipelineOptions FLINK =
      PipelineOptionsFactory.fromArgs("--runner=FlinkRunner").create();
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** {@link Reading} asserts at each row that it is not behind the watermark. */
  @Test
  void noRowOfABacklogIsLate() throws IOException {
    String path = TestTables.orders(fluss, 4);
    FlussTable table = small().describe(path);
    int written = 0;
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      long start = System.currentTimeMillis();
      // users of one bucket after those of another, so that the buckets' times differ
      while (written < 400 || System.currentTimeMillis() - start < 200) {
        writer.upsert(order("user" + written / 50, "order" + written, written));
        writer.flush();
        written++;
      }
    }
    try (Reading reading = new Reading(source(table), null)) {
      reading.untilRows(written);
      Instant now = Instant.now();
      awaitWatermark(reading, now);
    }
  }

  /** The reading waits for the pipeline all the time, and still asks for the other buckets. */
  @Test
  void bucketsWithoutRowsHoldUpNoPipelineThatIsSlow() throws IOException {
    String path = TestTables.orders(fluss, 4);
    FlussTable table = small().describe(path);
    int rows = 3_000;
    TestTables.write(
        fluss,
        path,
        IntStream.range(0, rows)
            .mapToObj(n -> RowChange.upsert(order("only", "order" + n, n)))
            .toList());
    try (Reading reading = new Reading(source(table), null)) {
      await()
          .pollInSameThread()
          .pollInterval(Duration.ofMillis(20))
          .until(
              () -> {
                reading.step();
                return reading.reader.getWatermark().isAfter(BoundedWindow.TIMESTAMP_MIN_VALUE);
              });
      assertThat(reading.rows.size(), lessThan(rows));
    }
  }

  @Test
  void bucketsWithoutRowsHoldUpNothing() throws IOException {
    String path = TestTables.orders(fluss, 4);
    try (Reading reading = new Reading(source(cluster(fluss).describe(path)), null)) {
      TestTables.write(fluss, path, List.of(RowChange.upsert(order("only", "o", 1))));
      reading.untilRows(1);
      awaitWatermark(reading, Instant.now());
      TestTables.write(fluss, path, List.of(RowChange.upsert(order("only", "p", 2))));
      reading.untilRows(2);
      awaitWatermark(reading, Instant.now());
    }
  }

  @Test
  void partitionsThatAreNotThereOrEmptyHoldUpNothing() throws IOException {
    String path = TestTables.dailyOrders(fluss, 2);
    try (Reading reading = new Reading(source(cluster(fluss).describe(path)), null)) {
      awaitWatermark(reading, Instant.now());
      TestTables.write(fluss, path, List.of(RowChange.upsert(daily("20260101"))));
      reading.untilRows(1);
      awaitWatermark(reading, Instant.now());
    }
  }

  @Test
  void aSplitWithoutBucketsFollowsTheClock() throws IOException {
    UnboundedLogSource source = source(cluster(fluss).describe(TestTables.orders(fluss, 1)));
    UnboundedLogSource idle = source.split(3, FLINK).get(2);
    assertThat(idle.ownedBuckets(), hasSize(0));
    try (Reading reading = new Reading(idle, null)) {
      awaitWatermark(reading, Instant.now());
      assertThat(reading.reader.getSplitBacklogBytes(), equalTo(0L));
    }
  }

  @Test
  void noRowIsLateWhoseTimeIsWithinTheBound() throws IOException {
    String path =
        TestTables.create(
            fluss,
            "events",
            TableDescriptor.builder()
                .schema(
                    Schema.newBuilder()
                        .column("n", DataTypes.BIGINT())
                        .column("at", DataTypes.TIMESTAMP(3))
                        .build())
                .distributedBy(2)
                .build());
    FlussTable table = small().describe(path);
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    ReadSpec spec =
        ReadSpec.builder(table)
            .setStart(Position.earliest())
            .setColumns(List.of("n"))
            .setEventTime(new EventTime.Column("at"))
            .setMaxOutOfOrderness(BOUND)
            .build();
    try (TableWriter writer = TableWriter.open(table, table.schema());
        Reading reading = new Reading(new UnboundedLogSource(spec), null)) {
      long n = 0;
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 10; i++) {
          LocalDateTime at =
              LocalDateTime.now(ZoneOffset.UTC)
                  .minus(Duration.ofMillis(random.nextLong(BOUND.toMillis() - 1_000)));
          writer.upsert(Row.withSchema(table.schema()).addValues(n++, at).build());
        }
        writer.flush();
        reading.untilRows((int) n - random.nextInt(10));
      }
      reading.untilRows((int) n);
      assertThat("only for its time", reading.rows.get(0).getFieldCount(), equalTo(1));
      Instant now = Instant.now();
      awaitWatermark(reading, now.minus(org.joda.time.Duration.millis(BOUND.toMillis())));
      assertThat(reading.reader.getWatermark(), lessThan(now));
    }
  }

  /** Within seconds; and it is never beyond what the clocks allow. */
  private static void awaitWatermark(Reading reading, Instant time) throws IOException {
    long start = System.nanoTime();
    reading.until(
        () -> {
          assertThat(reading.reader.getWatermark(), lessThanOrEqualTo(Instant.now()));
          return reading.reader.getWatermark().isAfter(time);
        });
    assertThat("seconds", Duration.ofNanos(System.nanoTime() - start).toSeconds(), lessThan(10L));
  }

  @Test
  void theBacklogIsWhatIsNotReadYet() throws IOException {
    String path = TestTables.orders(fluss, 1);
    FlussTable table = small().describe(path);
    int rows = 1_000;
    TestTables.write(
        fluss,
        path,
        IntStream.range(0, rows)
            .mapToObj(n -> RowChange.upsert(order("user", "order" + n, n)))
            .toList());
    try (Reading reading = new Reading(source(table), null)) {
      assertThat(reading.reader.getSplitBacklogBytes(), equalTo(UnboundedReader.BACKLOG_UNKNOWN));
      reading.step();
      // it is reported once a second, from what the reader has taken over
      await().pollDelay(Duration.ofMillis(1_200)).until(() -> true);
      reading.untilRows(1);
      int waiting = rows - reading.rows.size();
      assertThat(waiting, greaterThan(rows / 2));
      assertThat(
          reading.reader.getSplitBacklogBytes(),
          allOf(greaterThanOrEqualTo(waiting * 15L), lessThanOrEqualTo(waiting * 50L)));
      reading.untilRows(rows);
      reading.until(() -> reading.reader.getSplitBacklogBytes() == 0);
    }
  }

  // bounded reads

  @Test
  void splitsOfABoundedReadGiveWhatTheWholeDoes() throws Exception {
    for (String path : List.of(TestTables.orders(fluss, 3), TestTables.numbers(fluss, 3))) {
      // one row a batch, so that the batches are the same however the stretches are shared out
      FlussTable table =
          cluster(fluss).withProperty("client.scanner.log.max-poll-records", "1").describe(path);
      try (TableWriter writer = TableWriter.open(table, table.schema())) {
        for (long n = 0; n < 100; n++) {
          writer.upsert(
              table.isKeyed()
                  ? order("user" + n, "order" + n, n)
                  : Row.withSchema(table.schema()).addValues(n, "text").build());
          if (n % 10 == 0) {
            writer.flush();
          }
        }
        writer.flush();
      }
      ReadSpec spec = ReadSpec.builder(table).setStart(Position.earliest()).build();
      BoundedTableSource source = Stretch.source(spec);
      List<BoundedTableSource> splits = source.split(1, OPTIONS);
      assertThat(splits.size(), greaterThan(1));
      List<String> ofSplits = splits.stream().flatMap(split -> changes(split).stream()).toList();
      assertThat(ofSplits, containsInAnyOrder(changes(source).toArray(new String[0])));
      assertThat(ofSplits, hasSize(100));
      SourceTestUtils.assertSourcesEqualReferenceSource(source, splits, OPTIONS);
    }
  }

  private static List<String> changes(BoundedTableSource source) {
    try {
      return Stretch.of(source).changes;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Row daily(String day) {
    return Row.withSchema(TestTables.DAILY_ORDER).addValues("u", "o", day, 1L).build();
  }

  private static FlussCluster small() {
    return cluster(fluss).withProperty("client.scanner.log.max-poll-records", "5");
  }

  private static UnboundedLogSource source(FlussTable table) {
    return new UnboundedLogSource(
        ReadSpec.builder(table)
            .setStart(Position.earliest())
            .setPartitionDiscoveryInterval(Duration.ofMillis(500))
            .build());
  }
}
