package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.hamcrest.Matcher;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/** What is told when a pipeline is built. */
class BitmapUvErrorsTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Schema EVENT =
      Schema.builder()
          .addInt64Field("user_id")
          .addInt64Field("uid")
          .addStringField("minute")
          .addInt32Field("kind")
          .build();
  private static final IdShards SHARDS = IdShards.of(4, BitmapType.RBM32);

  private static Connection connection;
  private static JoinTables tables;
  private static String bitmaps;
  private static String plain;
  private static String counts;

  private final Pipeline pipeline = Pipeline.create();

  @BeforeAll
  static void create() {
    connection = JoinTables.connect(fluss);
    tables = new JoinTables(fluss, connection);
    bitmaps = table("bitmaps", true, "minute", "shard");
    plain = table("plain", false, "minute", "shard");
    counts =
        tables.create(
            "counts",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("minute", DataTypes.STRING())
                        .column("uv", DataTypes.BIGINT())
                        .column("pv", DataTypes.STRING())
                        .primaryKey("minute")
                        .build())
                .distributedBy(1, "minute")
                .build());
  }

  private static String table(String name, boolean merged, String... key) {
    org.apache.fluss.metadata.Schema.Builder schema =
        org.apache.fluss.metadata.Schema.newBuilder()
            .column("minute", DataTypes.STRING())
            .column("shard", DataTypes.INT());
    TableDescriptor.Builder table = TableDescriptor.builder().distributedBy(1, "shard");
    if (merged) {
      schema.column("uv", DataTypes.BYTES(), AggFunctions.RBM32());
      table.property("table.merge-engine", "aggregation");
    } else {
      schema.column("uv", DataTypes.BYTES());
    }
    return tables.create(name, table.schema(schema.primaryKey(key).build()).build());
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  private PCollection<Row> events() {
    return pipeline.apply(Create.empty(EVENT));
  }

  private static CollectBitmaps collect() {
    return BitmapUv.collect().ofIds("uid").by("minute").withShards(SHARDS, "shard").into("uv");
  }

  private static CountBitmaps count(String table) {
    return BitmapUv.count()
        .in(tables.cluster(), table)
        .withShards(SHARDS, "shard")
        .to(tables.cluster(), counts);
  }

  private static void assertRefused(Executable what, String... parts) {
    Exception e = assertThrows(IllegalArgumentException.class, what);
    assertThat(
        e.getMessage(),
        allOf(
            Arrays.stream(parts)
                .<Matcher<? super String>>map(part -> containsString(part))
                .toList()));
  }

  private void assertCollectRefused(CollectBitmaps collect, String... parts) {
    assertRefused(() -> events().apply(collect), parts);
  }

  private void assertCountRefused(CountBitmaps count, String... parts) {
    assertRefused(() -> pipeline.apply(count), parts);
  }

  @Test
  void whatIsCollected() {
    assertCollectRefused(BitmapUv.collect(), "ofIds(..)");
    assertCollectRefused(BitmapUv.collect().ofIds("uid"), "withShards(..)");
    assertCollectRefused(BitmapUv.collect().ofIds("uid").withShards(SHARDS, "shard"), "into(..)");
    assertCollectRefused(collect().ofIds("id"), "no column id", "user_id");
    assertCollectRefused(collect().ofIds("minute"), "minute", "INT64, not STRING");
    assertCollectRefused(collect().by("hour"), "no column hour");
    assertCollectRefused(collect().into("minute"), "minute is named twice");
    assertCollectRefused(collect().into("kind", Map.of("a", "b")), "kind", "STRING, not INT32");
    assertRefused(() -> collect().withKnownBitmaps(-1), "not -1");
  }

  @Test
  void whatIsCounted() {
    assertCountRefused(BitmapUv.count(), "in(cluster");
    assertCountRefused(count(bitmaps), "counting(..)");
    CountBitmaps uv = count(bitmaps).counting("uv", "uv");
    assertCountRefused(uv.counting("uv", "uv"), counts, "uv", "two counts");
    assertCountRefused(uv.counting("uv", "pv"), counts, "pv");
    assertCountRefused(uv.counting("uv", "nobody"), counts, "nobody");
    assertCountRefused(uv.counting("minute", "pv"), bitmaps, "minute", "is not merged");
    assertCountRefused(uv.counting("nothing", "pv"), bitmaps, "nothing", "is not there");
    assertCountRefused(
        uv.withShards(IdShards.of(4, BitmapType.RBM64), "shard"), "rbm64", "is merged by rbm32");
    assertCountRefused(
        count(plain).counting("uv", "uv"), plain, "'table.merge-engine' = 'aggregation'");
    assertCountRefused(uv.withShards(SHARDS, "uv"), bitmaps, "must have column uv");
    assertCountRefused(uv.withShards(SHARDS, "minute"), "minute", "must be INT, not STRING");
    assertCountRefused(uv.to(tables.cluster(), plain), plain, "PRIMARY KEY (minute)");
    assertRefused(() -> uv.withRefreshInterval(Duration.ZERO), "positive");
  }

  @Test
  void whatIsMapped() {
    assertRefused(
        () -> events().apply(IdMapping.in(tables.cluster(), counts)),
        counts,
        "auto-increment column");
    String users = mapping("users");
    assertRefused(
        () -> events().apply(IdMapping.in(tables.cluster(), users)), "no column buyer", users);
  }

  private static String mapping(String name) {
    return tables.create(
        name,
        TableDescriptor.builder()
            .schema(
                org.apache.fluss.metadata.Schema.newBuilder()
                    .column("buyer", DataTypes.BIGINT())
                    .column("uid", DataTypes.BIGINT())
                    .primaryKey("buyer")
                    .enableAutoIncrement("uid")
                    .build())
            .distributedBy(1, "buyer")
            .build());
  }

  @Test
  void aRowWithoutAUserGoesToTheErrorHandlerAndTheOthersOn() {
    Schema buyers = Schema.builder().addNullableInt64Field("buyer").build();
    List<Row> rows =
        Stream.of(7L, null, 8L)
            .map(buyer -> Row.withSchema(buyers).addValue(buyer).build())
            .toList();
    ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(new HowMany());
    PCollection<Row> mapped =
        pipeline
            .apply(Create.of(rows).withRowSchema(buyers))
            .apply(IdMapping.in(tables.cluster(), mapping("buyers")).withErrorHandler(errors));
    errors.close();
    PAssert.that(errors.getOutput()).containsInAnyOrder(1L);
    PAssert.that(mapped)
        .satisfies(
            all -> {
              Set<Object> found = new HashSet<>();
              all.forEach(row -> found.add(row.getInt64("buyer")));
              assertThat(found, is(Set.of(7L, 8L)));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static final class HowMany extends PTransform<PCollection<BadRecord>, PCollection<Long>> {
    @Override
    public PCollection<Long> expand(PCollection<BadRecord> refused) {
      return refused.apply(Count.globally());
    }
  }
}
