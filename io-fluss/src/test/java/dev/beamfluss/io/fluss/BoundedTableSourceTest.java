package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.hamcrest.Matchers.notNullValue;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BoundedTableSourceTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final PipelineOptions OPTIONS = PipelineOptionsFactory.create();
  private static final int ROWS = 2_000;

  @Test
  void sharesTogetherHoldEveryRowOnceHoweverLargeTheyAreToBe() throws IOException {
    for (BoundedTableSource source : sources()) {
      for (long bytes : new long[] {1_000, 20_000, Long.MAX_VALUE}) {
        List<Integer> rows = new ArrayList<>();
        for (BoundedTableSource share : source.split(bytes, OPTIONS)) {
          rows.addAll(readAll(share));
        }
        assertEveryRowOnce(rows);
      }
    }
  }

  @Test
  void moreSharesThanBucketsAreMadeOfALog() throws IOException {
    BoundedTableSource log = sources().get(0);
    long bytes = log.getEstimatedSizeBytes(OPTIONS);
    assertThat(bytes, equalTo(ROWS * Splits.BYTES_PER_ROW));
    assertThat(log.split(bytes / 10, OPTIONS).size(), greaterThan(5));
  }

  @Test
  void whatIsGivenAwayWhileReadingIsReadByNobodyElse() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (BoundedTableSource source : sources()) {
      for (double fraction : new double[] {0.1, 0.5, 0.9, random.nextDouble()}) {
        int before = 1 + random.nextInt(30);
        List<Integer> rows = new ArrayList<>();
        try (BoundedSource.BoundedReader<RowBatch> reader = source.createReader(OPTIONS)) {
          boolean has = reader.start();
          for (int i = 0; has && i < before; i++) {
            add(reader, rows);
            has = reader.advance();
          }
          // as runners do: while another thread reads
          CompletableFuture<BoundedSource<RowBatch>> split =
              CompletableFuture.supplyAsync(() -> reader.splitAtFraction(fraction));
          for (; has; has = reader.advance()) {
            add(reader, rows);
          }
          BoundedSource<RowBatch> rest = split.get();
          assertThat(
              "seed " + seed,
              readAll((BoundedTableSource) reader.getCurrentSource()).size(),
              equalTo(rows.size()));
          if (rest != null) {
            rows.addAll(readAll((BoundedTableSource) rest));
          }
        }
        assertEveryRowOnce(rows);
      }
    }
  }

  @Test
  void aSplitInTheMiddleLeavesAboutHalf() throws Exception {
    BoundedTableSource log = sources().get(0);
    try (BoundedSource.BoundedReader<RowBatch> reader = log.createReader(OPTIONS)) {
      assertThat("nothing is known before the start", reader.getFractionConsumed() == null);
      reader.start();
      assertThat(reader.getFractionConsumed(), lessThan(0.1));
      BoundedTableSource rest = (BoundedTableSource) reader.splitAtFraction(0.5);
      assertThat(rest, notNullValue());
      List<Integer> rows = new ArrayList<>();
      do {
        add(reader, rows);
      } while (reader.advance());
      assertThat(rows.size(), greaterThan(ROWS * 4 / 10));
      assertThat(rows.size(), lessThan(ROWS * 6 / 10));
      assertThat(reader.getFractionConsumed(), equalTo(1.0));
      assertThat(reader.splitAtFraction(0.5) == null, equalTo(true));
    }
  }

  @Test
  void theConsumedFractionGrows() throws Exception {
    for (BoundedTableSource source : sources()) {
      try (BoundedSource.BoundedReader<RowBatch> reader = source.createReader(OPTIONS)) {
        double last = 0;
        for (boolean has = reader.start(); has; has = reader.advance()) {
          double now = reader.getFractionConsumed();
          assertThat(last, lessThanOrEqualTo(now));
          last = now;
        }
        assertThat(reader.getFractionConsumed(), equalTo(1.0));
      }
    }
  }

  /** Of a log table, and of what a KV table holds; with few rows a batch. */
  private static List<BoundedTableSource> sources() {
    FlussCluster small = cluster(fluss).withProperty("client.scanner.log.max-poll-records", "7");
    String log = TestTables.numbers(fluss, 3);
    org.apache.beam.sdk.schemas.Schema schema = small.describe(log).schema();
    TestTables.write(
        fluss,
        log,
        IntStream.range(0, ROWS)
            .mapToObj(
                n ->
                    RowChange.upsert(
                        org.apache.beam.sdk.values.Row.withSchema(schema)
                            .addValues((long) n, "row " + n)
                            .build()))
            .toList());
    String kv = TestTables.orders(fluss, 5);
    TestTables.write(
        fluss,
        kv,
        IntStream.range(0, ROWS)
            .mapToObj(n -> RowChange.upsert(order("u" + n % 97, "o" + n, n)))
            .toList());
    ReadSpec rows = ReadSpec.builder(small.describe(log)).setColumns(List.of("n")).build();
    ReadSpec orders = ReadSpec.builder(small.describe(kv)).setColumns(List.of("amount")).build();
    return List.of(
        new BoundedTableSource(
            rows, BoundedTableSource.Mode.ALL, BucketRange.resolve(rows, Position.latest())),
        new BoundedTableSource(
            orders,
            BoundedTableSource.Mode.LATEST_OF_KEY,
            BucketRange.resolve(orders, Position.latest())));
  }

  private static List<Integer> readAll(BoundedTableSource source) throws IOException {
    List<Integer> rows = new ArrayList<>();
    try (BoundedSource.BoundedReader<RowBatch> reader = source.createReader(OPTIONS)) {
      for (boolean has = reader.start(); has; has = reader.advance()) {
        add(reader, rows);
      }
    }
    return rows;
  }

  private static void add(BoundedSource.BoundedReader<RowBatch> reader, List<Integer> rows) {
    reader.getCurrent().rows().forEach(row -> rows.add(((Long) row.getValue(0)).intValue()));
  }

  private static void assertEveryRowOnce(List<Integer> rows) {
    assertThat(rows.stream().sorted().toList(), equalTo(IntStream.range(0, ROWS).boxed().toList()));
  }
}
