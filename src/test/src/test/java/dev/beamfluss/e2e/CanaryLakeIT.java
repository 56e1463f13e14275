package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.aMapWithSize;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.CanaryAnswer;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.canary.PageLogColumns;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.joda.time.ReadableInstant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The log of the clients in the lake, where Fluss puts it, and what never gets there. */
@Tag("nightly")
class CanaryLakeIT {
  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(
          LocalFluss.builder().tiering().property("auto-partition.check.interval", "500ms"));

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** The coordinator drops a day by up to so much later, for each table. */
  private static final Duration LONGEST_DELAY = Duration.ofHours(23);

  private static final String[] COLUMNS =
      PageLogColumns.schema().getFieldNames().toArray(String[]::new);

  private final long seed = Long.getLong("canary.seed", System.nanoTime());
  private final CanaryData data = new CanaryData(fluss.bootstrapServers(), seed);
  private final String log = data.path(CanaryTables.PAGE_VIEWS).toString();

  @Test
  void theLakeHasTheLogButForWhatIsDroppedBefore() {
    System.out.println("seed " + seed);
    data.createTables(
        TableOptions.defaults().withBucketNum(2).withNumPrecreate(0), CanaryLakeIT::tieredSoon);
    Instant midnight = LocalDate.now(CanaryData.ZONE).atStartOfDay(CanaryData.ZONE).toInstant();
    List<Row> tiered =
        data.append(data.entries(500, midnight.minusSeconds(600), midnight.plusSeconds(600)));
    assertThat("days", summary(tiered), is(aMapWithSize(2)));
    await("tiering")
        .atMost(PATIENCE)
        .until(() -> untiered().values().stream().allMatch(rows -> rows == 0));
    assertRows(contents(), tiered);
    assertRows(lake(), tiered);

    fluss.cluster().stopTiering();
    List<CanaryAnswer.Entry> more =
        data.entries(50, midnight.plusSeconds(600), midnight.plusSeconds(1_200));
    data.append(more);
    String today = CanaryData.day(more.get(0));
    Map<String, Long> lacking = Map.of(today, (long) more.size());
    assertThat(untiered().get(today), is(lacking.get(today)));

    // a day after today's last row may come, and not before, it is dropped
    Instant expires = midnight.plus(Duration.ofDays(2));
    setPartitionClock(expires.minusSeconds(1));
    await("yesterday is dropped").atMost(PATIENCE).until(() -> untiered().size() == 1);
    assertThat("told while it can be helped", untiered(), is(equalTo(lacking)));
    setPartitionClock(expires.plus(LONGEST_DELAY));
    await("today is dropped").atMost(PATIENCE).until(() -> untiered().isEmpty());
    assertRows(lake(), tiered);
  }

  private static void setPartitionClock(Instant now) {
    fluss.cluster().setPartitionClock(Clock.fixed(now, CanaryData.ZONE));
  }

  private static TableDefinition tieredSoon(TableDefinition table) {
    Map<String, String> properties = new HashMap<>(table.descriptor().getProperties());
    properties.replace("table.datalake.freshness", "1s");
    if (properties.containsKey("table.auto-partition.enabled")) {
      properties.put("table.auto-partition.time-zone", CanaryData.ZONE.getId());
    }
    return new TableDefinition(
        table.database(),
        table.name(),
        table.descriptor().withProperties(properties),
        table.grows());
  }

  /** By partition, the rows that the lake does not have. */
  private Map<String, Long> untiered() {
    return LakeLag.of(data.cluster(), log).stream()
        .collect(Collectors.toMap(LakeLag::partition, LakeLag::untieredRows));
  }

  private PTransform<PBegin, PCollection<Row>> lake() {
    return PaimonIO.read()
        .from(Map.of("warehouse", fluss.cluster().warehouse().orElseThrow().toString()), log)
        .withColumns(COLUMNS);
  }

  private PTransform<PBegin, PCollection<Row>> contents() {
    return FlussIO.readContents().from(data.cluster(), log).withColumns(COLUMNS);
  }

  private static void assertRows(PTransform<PBegin, PCollection<Row>> read, List<Row> expected) {
    Map<String, String> summary = summary(expected);
    Pipeline pipeline = TestPipeline.create().enableAbandonedNodeEnforcement(false);
    PAssert.that(pipeline.apply(read))
        .satisfies(
            rows -> {
              assertThat(summary(rows), is(equalTo(summary)));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  /** By partition, how many rows there are, and a hash of all their columns in whatever order. */
  private static Map<String, String> summary(Iterable<Row> rows) {
    Map<String, Long> counts = new TreeMap<>();
    Map<String, Long> hashes = new TreeMap<>();
    for (Row row : rows) {
      String ds = row.getString(PageLogColumns.DS);
      counts.merge(ds, 1L, Long::sum);
      hashes.merge(ds, hash(row), Long::sum);
    }
    Map<String, String> summary = new TreeMap<>();
    counts.forEach((ds, count) -> summary.put(ds, count + " rows, " + hashes.get(ds)));
    return summary;
  }

  private static long hash(Row row) {
    StringBuilder text = new StringBuilder();
    for (String column : COLUMNS) {
      Object value = row.getValue(column);
      if (value instanceof Instant time) {
        value = time.toEpochMilli();
      } else if (value instanceof ReadableInstant time) {
        value = time.getMillis();
      }
      text.append(column).append('=').append(value).append(';');
    }
    UUID digest = UUID.nameUUIDFromBytes(text.toString().getBytes(UTF_8));
    return digest.getMostSignificantBits() ^ digest.getLeastSignificantBits();
  }
}
