package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another writer commits to the same buckets all the time, and merges them too. */
class WriteBesideOthersTest {
  private static final Schema SCHEMA = Schema.builder().addInt32Field("id").build();
  private static final int NUMBERS = 300;

  @TempDir Path directory;

  @Test
  void nothingIsLostOfEither() throws Exception {
    Warehouse warehouse = new Warehouse(directory);
    String table =
        warehouse.create(
            "shared",
            Warehouse.columns(Map.of("id", DataTypes.INT().notNull()))
                .primaryKey("id")
                .option("bucket", "2")
                .option("num-sorted-run.compaction-trigger", "2")
                .option("commit.max-retries", "100")
                .build());
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger others = new AtomicInteger();
    CompletableFuture<Void> other =
        CompletableFuture.runAsync(
            () -> {
              boolean failed = false;
              while (failed || !done.get()) {
                int next = others.get();
                try {
                  warehouse.write(
                      table, List.of(GenericRow.of(-1 - next), GenericRow.of(-2 - next)));
                  others.set(next + 2);
                  failed = false;
                } catch (Exception e) {
                  // ours merged the same files first, after its rows were committed: once more
                  failed = true;
                  assertThat(e.getMessage(), e.getMessage().contains("conflicts detected"));
                }
              }
            });
    try {
      Pipeline pipeline = Pipeline.create();
      pipeline
          .apply(Read.from(new PacedNumbers(NUMBERS, 1_000)))
          .apply(
              MapElements.into(TypeDescriptors.rows())
                  .via(n -> Row.withSchema(SCHEMA).addValue(n.intValue()).build()))
          .setRowSchema(SCHEMA)
          .apply(
              PaimonIO.write()
                  .to(warehouse.catalog(), table)
                  .withCommitInterval(Duration.ofMillis(200)));
      pipeline.run().waitUntilFinish();
    } finally {
      done.set(true);
    }
    other.join();

    List<Integer> ids =
        Contents.of(warehouse.table(table)).stream().map(row -> row.getInt32("id")).toList();
    assertThat("each once", new TreeSet<>(ids).size(), is(ids.size()));
    assertThat(others.get(), greaterThan(4));
    assertThat(
        ids.stream().sorted().toList(),
        equalTo(IntStream.range(-others.get(), NUMBERS).boxed().toList()));
  }
}
