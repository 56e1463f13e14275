package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.roaringbitmap.RoaringBitmap;

/**
 * Writes the numbers from 0 on, which come in order, in each way there is, and fails when told to:
 * after a bundle was written, so that what replays it writes it again.
 */
final class ReplayedWrites extends PTransform<PCollection<Long>, PDone> {
  private static final int KEYS = 97;
  private static final Map<String, Failures> RUNS = new ConcurrentHashMap<>();

  private static final Schema CELL =
      Schema.builder().addInt32Field("id").addNullableField("a", FieldType.INT64).build();
  private static final Schema MERGED =
      Schema.builder()
          .addInt32Field("id")
          .addNullableField("highest", FieldType.INT64)
          .addNullableField("lowest", FieldType.INT64)
          .addNullableField("latest", FieldType.INT64)
          .addNullableField("earliest", FieldType.INT64)
          .addNullableField("any", FieldType.BOOLEAN)
          .addNullableField("seen", FieldType.BYTES)
          .build();
  private static final Schema NUMBER = Schema.builder().addInt64Field("n").build();

  private static final class Failures {
    final AtomicInteger bundlesLeft = new AtomicInteger(Integer.MAX_VALUE);
    final AtomicInteger failures = new AtomicInteger();
  }

  private final FlussExtension fluss;
  private final String run = UUID.randomUUID().toString();
  private final String upserted;
  private final String changed;
  private final String partial;
  private final String merged;
  private final String appended;

  ReplayedWrites(FlussExtension fluss) {
    this.fluss = fluss;
    RUNS.put(run, new Failures());
    upserted = cells("upserted");
    changed = cells("changed");
    partial = cells("partial");
    merged =
        TestTables.create(
            fluss,
            "merged",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("id", DataTypes.INT())
                        .column("highest", DataTypes.BIGINT(), AggFunctions.MAX())
                        .column("lowest", DataTypes.BIGINT(), AggFunctions.MIN())
                        .column("latest", DataTypes.BIGINT(), AggFunctions.LAST_VALUE())
                        .column("earliest", DataTypes.BIGINT(), AggFunctions.FIRST_VALUE())
                        .column("any", DataTypes.BOOLEAN(), AggFunctions.BOOL_OR())
                        .column("seen", DataTypes.BYTES(), AggFunctions.RBM32())
                        .primaryKey("id")
                        .build())
                .distributedBy(3)
                .property("table.merge-engine", "aggregation")
                .build());
    appended =
        TestTables.create(
            fluss,
            "appended",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("n", DataTypes.BIGINT().copy(false))
                        .build())
                .distributedBy(3)
                .build());
    // b is another writer's
    Schema whole = cluster(fluss).describe(partial).schema();
    List<RowChange> others = new ArrayList<>();
    for (int id = 0; id < KEYS; id++) {
      others.add(RowChange.upsert(Row.withSchema(whole).addValues(id, null, -id).build()));
    }
    TestTables.write(fluss, partial, others);
  }

  private String cells(String name) {
    return TestTables.create(
        fluss,
        name,
        TableDescriptor.builder()
            .schema(
                org.apache.fluss.metadata.Schema.newBuilder()
                    .column("id", DataTypes.INT())
                    .column("a", DataTypes.BIGINT())
                    .column("b", DataTypes.INT())
                    .primaryKey("id")
                    .build())
            .distributedBy(3)
            .build());
  }

  /** Fails once, after so many more bundles are written. */
  void failAfter(int bundles) {
    RUNS.get(run).bundlesLeft.set(bundles);
  }

  int failures() {
    return RUNS.get(run).failures.get();
  }

  @Override
  public PDone expand(PCollection<Long> numbers) {
    PCollection<Row> cells =
        numbers
            .apply("Cells", rows(n -> Row.withSchema(CELL).addValues(key(n), n).build()))
            .setRowSchema(CELL);
    write(
        "Upsert",
        cells.apply("Whole", rows(ReplayedWrites::whole)).setRowSchema(whole()),
        FlussIO.write().to(cluster(fluss), upserted));
    write("Update", cells, FlussIO.write().to(cluster(fluss), partial).withColumns("id", "a"));
    write(
        "Change",
        numbers
            .apply(
                "Changes",
                MapElements.into(TypeDescriptor.of(RowChange.class)).via(ReplayedWrites::change))
            .setCoder(RowChange.coder(whole())),
        FlussIO.writeChanges().to(cluster(fluss), changed));
    write(
        "Merge",
        numbers.apply("Merges", rows(ReplayedWrites::merge)).setRowSchema(MERGED),
        FlussIO.write().to(cluster(fluss), merged));
    fail(
        "Append",
        numbers
            .apply("Numbers", rows(n -> Row.withSchema(NUMBER).addValue(n).build()))
            .setRowSchema(NUMBER)
            .apply("Append", FlussIO.write().to(cluster(fluss), appended)));
    return PDone.in(numbers.getPipeline());
  }

  private <T> void write(String name, PCollection<T> input, FlussIO.Write<T> write) {
    fail(name, input.apply(name, write.withBucketShuffle()));
  }

  private void fail(String name, FlussWriteResult written) {
    written.getAcknowledged().apply("Fail after " + name, ParDo.of(new Fail(run)));
  }

  private static <T> MapElements<T, Row> rows(
      org.apache.beam.sdk.transforms.SerializableFunction<T, Row> function) {
    return MapElements.into(TypeDescriptors.rows()).via(function);
  }

  private static Schema whole() {
    return Schema.builder()
        .addFields(CELL.getFields())
        .addNullableField("b", FieldType.INT32)
        .build();
  }

  private static int key(long n) {
    return (int) (n % KEYS);
  }

  private static Row whole(Row cell) {
    return Row.withSchema(whole()).addValues(cell.getInt32(0), cell.getInt64(1), 7).build();
  }

  /** Every third time, a key is deleted. */
  private static RowChange change(long n) {
    Row row = Row.withSchema(whole()).addValues(key(n), n, 7).build();
    return isDeleted(n) ? RowChange.delete(row) : RowChange.upsert(row);
  }

  private static boolean isDeleted(long n) {
    return n / KEYS % 3 == 2;
  }

  private static Row merge(long n) {
    return Row.withSchema(MERGED)
        .addValues(key(n), n, n, n, n, isMarked(n), bitmap((int) n))
        .build();
  }

  private static boolean isMarked(long n) {
    return n % 1_000 == 13;
  }

  private static byte[] bitmap(int value) {
    RoaringBitmap bitmap = RoaringBitmap.bitmapOf(value);
    ByteBuffer bytes = ByteBuffer.allocate(bitmap.serializedSizeInBytes());
    bitmap.serialize(bytes);
    return bytes.array();
  }

  /**
   * Compares what the tables hold with what they would without any failure, once all numbers up to
   * the one given are written.
   */
  void assertSameAsWithoutFailures(long numbers) {
    Map<Integer, Long> last = new TreeMap<>();
    Map<Integer, RoaringBitmap> seen = new TreeMap<>();
    TreeSet<Integer> marked = new TreeSet<>();
    LongStream.range(0, numbers)
        .forEach(
            n -> {
              last.put(key(n), n);
              seen.computeIfAbsent(key(n), k -> new RoaringBitmap()).add((int) n);
              if (isMarked(n)) {
                marked.add(key(n));
              }
            });
    TreeSet<String> upserts = new TreeSet<>();
    TreeSet<String> changes = new TreeSet<>();
    TreeSet<String> updates = new TreeSet<>();
    TreeSet<String> merges = new TreeSet<>();
    last.forEach(
        (key, n) -> {
          upserts.add(List.of(key, n, 7).toString());
          updates.add(List.of(key, n, -key).toString());
          if (!isDeleted(n)) {
            changes.add(List.of(key, n, 7).toString());
          }
          merges.add(
              List.of(key, n, (long) key, n, (long) key, marked.contains(key), seen.get(key))
                  .toString());
        });
    assertThat("upserted", contents(upserted), equalTo(upserts));
    assertThat("changed", contents(changed), equalTo(changes));
    assertThat("partially updated", contents(partial), equalTo(updates));
    TreeSet<String> mergedNow = new TreeSet<>();
    for (Row row : TestTables.contents(fluss, merged)) {
      List<Object> values = new ArrayList<>(row.getValues());
      values.set(6, bitmap(row.getBytes("seen")));
      mergedNow.add(values.toString());
    }
    assertThat("merged", mergedNow, equalTo(merges));
    TreeSet<Long> appends = new TreeSet<>();
    List<Row> log = TestTables.contents(fluss, appended);
    log.forEach(row -> appends.add(row.getInt64(0)));
    assertThat("each appended at least once", appends, equalTo(set(numbers)));
    System.out.printf(
        "%d failures; %d of %d numbers appended again%n",
        failures(), log.size() - numbers, numbers);
  }

  private static Set<Long> set(long numbers) {
    TreeSet<Long> set = new TreeSet<>();
    LongStream.range(0, numbers).forEach(set::add);
    return set;
  }

  private Set<String> contents(String table) {
    return new TreeSet<>(TestTables.contentsAsText(fluss, table));
  }

  private static RoaringBitmap bitmap(byte[] bytes) {
    try {
      RoaringBitmap bitmap = new RoaringBitmap();
      bitmap.deserialize(ByteBuffer.wrap(bytes));
      return bitmap;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Fail extends DoFn<Long, Void> {
    private final String run;

    Fail(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process() {
      Failures failures = RUNS.get(run);
      if (failures.bundlesLeft.getAndDecrement() == 0) {
        failures.bundlesLeft.set(Integer.MAX_VALUE);
        failures.failures.incrementAndGet();
        throw new IllegalStateException("thrown away, as the test wants it");
      }
    }
  }
}
