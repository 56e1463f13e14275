package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CountRowsTest {
  private static final List<String> KINDS = List.of("visit", "click", "order", "other");
  private static final Schema EVENT =
      Schema.builder().addInt64Field("uid").addStringField("minute").addStringField("kind").build();

  private final TestPipeline pipeline = TestPipeline.create().enableAbandonedNodeEnforcement(false);

  private static CountRows count(IdShards shards) {
    return BitmapUv.countRows()
        .by("minute")
        .withShards(shards, "shard")
        .ofValues("value")
        .ofKinds("kind")
        .counting("visit", "visitors")
        .counting("order", "buyers")
        .countingAll("funnel", "visit", "click", "order");
  }

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void rowsOfIdsAreCountedAsSetsAre(BitmapType type) {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    IdShards shards = IdShards.of(4, type);
    shards = type == BitmapType.RBM32 ? shards.withIntValues() : shards;
    List<Row> events = new ArrayList<>();
    Map<String, Map<String, Set<Long>>> users = new TreeMap<>();
    for (int i = 0; i < 2_000; i++) {
      long uid = random.nextInt(3) == 0 ? random.nextInt(5) : random.nextInt(2_000);
      String minute = "m" + random.nextInt(3);
      String kind = KINDS.get(random.nextInt(KINDS.size()));
      events.add(Row.withSchema(EVENT).addValues(uid, minute, kind).build());
      users
          .computeIfAbsent(minute, unused -> new TreeMap<>())
          .computeIfAbsent(kind, unused -> new HashSet<>())
          .add(uid);
    }
    PCollection<Row> counts =
        pipeline
            .apply(Create.of(events).withRowSchema(EVENT))
            .apply(
                BitmapUv.collect()
                    .ofIds("uid")
                    .by("minute", "kind")
                    .withShards(shards, "shard")
                    .intoRows("value"))
            .apply(count(shards));
    List<Row> expected = new ArrayList<>();
    users.forEach(
        (minute, kinds) -> {
          Set<Long> funnel = new HashSet<>(kinds.get("visit"));
          funnel.retainAll(kinds.get("click"));
          funnel.retainAll(kinds.get("order"));
          expected.add(
              Row.withSchema(counts.getSchema())
                  .addValues(
                      minute,
                      (long) kinds.get("visit").size(),
                      (long) kinds.get("order").size(),
                      (long) funnel.size())
                  .build());
        });
    PAssert.that(counts).containsInAnyOrder(expected);
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aColumnThatIsNotThereIsNamed() {
    PCollection<Row> events = pipeline.apply(Create.empty(EVENT)).setRowSchema(EVENT);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> events.apply(count(IdShards.of(4, BitmapType.RBM32))));
    assertThat(e.getMessage(), containsString("The input has no column shard, only [uid,"));
  }
}
