package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What happens when servers and tables go and come. */
class FlussIOFailuresTest {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder());

  private static final int TABLET_SERVER = 0;

  @Test
  void writesAndLookupsWaitForATabletServerThatComesBack() throws Exception {
    String path = TestTables.orders(fluss, 3);
    FlussTable table = cluster(fluss).describe(path);
    try (TableWriter writer = TableWriter.open(table, table.schema());
        TableLookup lookup =
            TableLookup.open(
                table,
                List.of("user_id", "order_id"),
                table.schema(),
                table.schema().getFieldNames())) {
      upsert(writer, 0, 100);
      assertThat(writer.flush(), equalTo(100L));

      fluss.cluster().stopTabletServer(TABLET_SERVER);
      upsert(writer, 100, 200);
      List<CompletableFuture<List<Row>>> early = lookups(lookup, 0, 100);
      CompletableFuture<Long> flushed = async(writer::flush);
      fluss.cluster().startTabletServer(TABLET_SERVER);

      assertThat(flushed.get(100, TimeUnit.SECONDS), equalTo(100L));
      assertAnswers(lookup, early, 0);
      assertAnswers(lookup, lookups(lookup, 0, 200), 0);
    }
  }

  @Test
  void aWriteThatNobodyAcknowledgesFailsAndNamesTheServer() {
    String path = TestTables.orders(fluss, 2);
    FlussTable table = cluster(fluss).describe(path);
    WriteSpec hasty = WriteSpec.builder().setTimeout(Duration.ofSeconds(2)).build();
    try (TableWriter writer = TableWriter.open(table, hasty, table.schema())) {
      upsert(writer, 0, 10);
      assertThat(writer.flush(), equalTo(10L));
      fluss.cluster().stopTabletServer(TABLET_SERVER);
      try {
        upsert(writer, 0, 10);
        assertThat(
            assertThrows(FlussUnreachableException.class, writer::flush).getMessage(),
            allOf(
                containsString("Fluss cluster at " + fluss.bootstrapServers()),
                containsString("acknowledged 0 of 10 changes to table " + path + " within 2 s"),
                containsString("tablet servers that lead its buckets run and can be reached: 0")));
      } finally {
        fluss.cluster().startTabletServer(TABLET_SERVER);
      }
    }
  }

  @Test
  void aClientWhoseBufferStaysFullFailsTheWriteInTime() {
    String path = TestTables.orders(fluss, 2);
    FlussTable table = smallBuffer(path);
    WriteSpec hasty = WriteSpec.builder().setTimeout(Duration.ofSeconds(2)).build();
    try (TableWriter writer = TableWriter.open(table, hasty, table.schema())) {
      upsert(writer, 0, 10);
      assertThat(writer.flush(), equalTo(10L));
      fluss.cluster().stopTabletServer(TABLET_SERVER);
      try {
        assertThat(
            assertThrows(FlussUnreachableException.class, () -> upsert(writer, 0, 100_000))
                .getMessage(),
            allOf(
                containsString("left the client's buffer of 1 mb full"),
                containsString(path),
                containsString("can be reached: 0")));
      } finally {
        fluss.cluster().startTabletServer(TABLET_SERVER);
      }
    }
  }

  @Test
  void aRowLargerThanTheBufferCanNeverBeWritten() {
    String path = TestTables.orders(fluss, 2);
    FlussTable table = smallBuffer(path);
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      Row large = order("x".repeat(2_000_000), "order", 1);
      assertThat(
          assertThrows(IllegalArgumentException.class, () -> writer.upsert(large)).getMessage(),
          allOf(
              containsString("A row of table " + path + " is larger than the client's buffer"),
              containsString("client.writer.buffer.memory-size"),
              containsString("[xxx")));
      writer.upsert(order("x".repeat(400_000), "order", 1));
      assertThat(writer.flush(), equalTo(1L));
    }
  }

  private static FlussTable smallBuffer(String path) {
    return cluster(fluss).withProperty("client.writer.buffer.memory-size", "1mb").describe(path);
  }

  @Test
  void aTableMadeAnewIsNotTakenForTheOneDescribed() {
    String path = TestTables.orders(fluss, 1);
    FlussTable described = cluster(fluss).describe(path);
    TestTables.drop(described);
    assertThat(
        assertThrows(RuntimeException.class, () -> TableWriter.open(described, described.schema()))
            .getMessage(),
        allOf(containsString("open table " + path), containsString("not exist")));

    TestTables.create(fluss, described.tablePath(), TestTables.ordersDescriptor(1));
    List<RuntimeException> failures = new ArrayList<>();
    failures.add(
        assertThrows(
            IllegalStateException.class, () -> TableWriter.open(described, described.schema())));
    failures.add(
        assertThrows(
            IllegalStateException.class,
            () ->
                TableLookup.open(
                    described,
                    described.primaryKey(),
                    described.schema(),
                    described.schema().getFieldNames())));
    failures.add(
        assertThrows(
            IllegalStateException.class, () -> new LogPoller(ReadSpec.builder(described).build())));
    for (RuntimeException failure : failures) {
      assertThat(
          failure.getMessage(),
          allOf(
              containsString("Table " + path + " was dropped and created again"),
              containsString("Start the pipeline anew, without its old checkpoint")));
    }
  }

  private static void upsert(TableWriter writer, int from, int to) {
    for (int i = from; i < to; i++) {
      writer.upsert(order("user" + i % 7, "order" + i, i));
    }
  }

  private static List<CompletableFuture<List<Row>>> lookups(TableLookup lookup, int from, int to) {
    List<CompletableFuture<List<Row>>> answers = new ArrayList<>();
    for (int i = from; i < to; i++) {
      answers.add(lookup.lookup(order("user" + i % 7, "order" + i, 0)));
    }
    return answers;
  }

  private static void assertAnswers(
      TableLookup lookup, List<CompletableFuture<List<Row>>> answers, int from) {
    for (int i = 0; i < answers.size(); i++) {
      int n = from + i;
      assertThat(lookup.await(answers.get(i)), contains(order("user" + n % 7, "order" + n, n)));
    }
  }

  private static <T> CompletableFuture<T> async(Supplier<T> call) {
    return CompletableFuture.supplyAsync(call, task -> new Thread(task, "flush").start());
  }
}
