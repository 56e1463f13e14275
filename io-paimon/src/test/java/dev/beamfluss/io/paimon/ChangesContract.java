package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.changes.RowChange;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.Timestamp;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.RowKind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link PaimonIO#readChanges()} promises on every runner. */
abstract class ChangesContract implements Serializable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Map<String, Collection<Object>> OUTPUTS = new ConcurrentHashMap<>();
  private static int tables;

  @TempDir static Path directory;

  transient Warehouse warehouse;

  /** Of a pipeline that is not waited for. */
  abstract PipelineOptions options();

  @BeforeEach
  void open() {
    warehouse = new Warehouse(directory);
  }

  private String orders() throws Exception {
    return warehouse.create(
        "orders" + tables++,
        Warehouse.columns(Map.of("id", DataTypes.INT().notNull()))
            .column("user", DataTypes.STRING())
            .column("at", DataTypes.TIMESTAMP(3))
            .primaryKey("id")
            .option("bucket", "3")
            .option("changelog-producer", "input")
            .build());
  }

  private static GenericRow order(RowKind kind, int id, String user) {
    return GenericRow.ofKind(
        kind, id, BinaryString.fromString(user), Timestamp.fromEpochMillis(1000L * id));
  }

  @Test
  void whatTheTableHoldsComesFirstAndThenEveryChange() throws Exception {
    String table = orders();
    warehouse.write(table, List.of(order(RowKind.INSERT, 1, "a"), order(RowKind.INSERT, 2, "b")));
    warehouse.write(
        table, List.of(order(RowKind.UPDATE_BEFORE, 1, "a"), order(RowKind.UPDATE_AFTER, 1, "x")));
    Pipeline pipeline = Pipeline.create(options());
    Output output = new Output();
    pipeline
        .apply(
            PaimonIO.readChanges()
                .from(warehouse.catalog(), table)
                .withColumns("user", "id")
                .withFilter(PaimonFilter.lessThan("id", 4))
                .withDiscoveryInterval(Duration.ofMillis(50)))
        .apply(output);
    PipelineResult result = pipeline.run();
    try {
      output.await("+I[b, 2]", "+I[x, 1]");
      warehouse.write(
          table,
          List.of(
              order(RowKind.DELETE, 1, "x"),
              order(RowKind.INSERT, 3, "c"),
              order(RowKind.INSERT, 4, "d")));
      output.await("+I[b, 2]", "+I[c, 3]", "+I[x, 1]", "-D[x, 1]");
      warehouse.write(table, List.of(order(RowKind.INSERT, 0, "last")));
      output.await("+I[b, 2]", "+I[c, 3]", "+I[last, 0]", "+I[x, 1]", "-D[x, 1]");
    } finally {
      result.cancel();
    }
  }

  /** Nothing is allowed to be late, so a window that closed too early would lack its rows. */
  @Test
  void windowsByATimestampColumnFire() throws Exception {
    String table = orders();
    warehouse.write(
        table,
        java.util.stream.IntStream.range(0, 20)
            .mapToObj(i -> order(RowKind.INSERT, i, "a"))
            .toList());
    Pipeline pipeline = Pipeline.create(options());
    Output output = new Output();
    pipeline
        .apply(
            PaimonIO.readChanges()
                .from(warehouse.catalog(), table)
                .withColumns("id")
                .withTimestampColumn("at")
                .withDiscoveryInterval(Duration.ofMillis(50)))
        .apply(Window.into(FixedWindows.of(org.joda.time.Duration.standardSeconds(10))))
        .apply(Combine.globally(Count.<RowChange>combineFn()).withoutDefaults())
        .apply(output);
    PipelineResult result = pipeline.run();
    try {
      output.await("10", "10");
    } finally {
      result.cancel();
    }
  }

  @Test
  void windowsByTheTimeOfTheCommitFireAndNothingIsLate() throws Exception {
    Numbers numbers = new Numbers(warehouse, "windowed" + tables++, 3);
    Pipeline pipeline = Pipeline.create(options());
    Output output = new Output();
    pipeline
        .apply(numbers.read())
        .apply(Window.into(FixedWindows.of(org.joda.time.Duration.millis(500))))
        .apply(Combine.globally(Count.<RowChange>combineFn()).withoutDefaults())
        .apply(output);
    PipelineResult result = pipeline.run();
    try {
      int[] written = {0};
      await("first windows")
          .pollInSameThread()
          .atMost(PATIENCE)
          .until(
              () -> {
                numbers.append(7);
                written[0] += 7;
                return output.soFar().size() >= 2;
              });
      await("all windows")
          .atMost(PATIENCE)
          .until(() -> output.soFar().stream().mapToInt(Integer::parseInt).sum() == written[0]);
    } finally {
      result.cancel();
    }
  }

  @Test
  void everyNumberEntersTheStateOnce() throws Exception {
    for (int buckets : new int[] {-1, 3}) {
      Numbers numbers = new Numbers(warehouse, "once" + tables++, buckets);
      numbers.append(12_000);
      Pipeline pipeline = Pipeline.create(options());
      Seen seen = new Seen();
      pipeline.apply(numbers.read()).apply(seen);
      PipelineResult result = pipeline.run();
      try {
        for (int i = 0; i < 10; i++) {
          numbers.append(i % 2 == 0 ? 10 : 2500);
        }
        numbers.assertSeenOnceEach(seen);
      } finally {
        result.cancel();
      }
    }
  }

  /** What came to the end of a pipeline in this JVM, as text. */
  private static final class Output extends PTransform<PCollection<?>, PDone> {
    private final String id = UUID.randomUUID().toString();

    Output() {
      OUTPUTS.put(id, new ConcurrentLinkedQueue<>());
    }

    List<String> soFar() {
      return OUTPUTS.get(id).stream().map(String::valueOf).sorted().toList();
    }

    void await(String... expected) {
      org.awaitility.Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(soFar(), is(List.of(expected))));
    }

    @Override
    public PDone expand(PCollection<?> input) {
      collect(input);
      return PDone.in(input.getPipeline());
    }

    private <T> void collect(PCollection<T> input) {
      input.apply("Collect", ParDo.of(new Collect<>(id)));
    }
  }

  private static final class Collect<T> extends DoFn<T, Void> {
    private final String id;

    Collect(String id) {
      this.id = id;
    }

    @ProcessElement
    public void process(@Element T element) {
      OUTPUTS.get(id).add(String.valueOf(element));
    }
  }
}
