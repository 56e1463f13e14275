package dev.beamfluss.transforms;

import static java.util.stream.Collectors.toSet;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/**
 * A join of two tables of its own, random changes of them, and what the sink is to hold: nested
 * loops over maps, which owe nothing to the code under test.
 */
final class RandomJoin implements AutoCloseable {
  /** How the sink's rows are found. */
  enum Sink {
    /** The left side has one row a key, and the right key decides. */
    KEY,
    LOOKUP,
    INDEX
  }

  private static final List<Sink> SINKS = List.of(Sink.KEY, Sink.LOOKUP, Sink.INDEX);
  private static final int KEYS = 5;
  private static final int ROWS_A_KEY = 3;
  private static final int VALUES = 4;
  private static final String NONE = "-";

  private record Id(String key, String id) implements Comparable<Id> {
    @Override
    public int compareTo(Id other) {
      return (key + "/" + id).compareTo(other.key + "/" + other.id);
    }
  }

  private final JoinType type;
  private final boolean conditional;
  private final Sink sinkKind;
  private final long seed;
  private final Random random;
  private final JoinTables tables;
  private final String left;
  private final String right;
  private final String sink;
  private final String index;
  private final TableWriter leftWriter;
  private final TableWriter rightWriter;
  private final FlussTable leftTable;
  private final FlussTable rightTable;
  private final TailedTable held;
  private long rounds = 100;
  private final Map<Id, Long> lefts = new TreeMap<>();
  private final Map<Id, Long> rights = new TreeMap<>();

  RandomJoin(JoinTables tables, JoinType type, boolean conditional, Sink sinkKind, long seed) {
    this.tables = tables;
    this.type = type;
    this.conditional = conditional;
    this.sinkKind = sinkKind;
    this.seed = seed;
    this.random = new Random(seed);
    String suffix = "_" + type + "_" + sinkKind + "_" + conditional + "_" + seed;
    this.left = table("l" + suffix, "k", leftColumns(), isLeftUnique() ? "k" : "k,l_id");
    this.right =
        table(
            "r" + suffix,
            "k",
            Schema.newBuilder()
                .column("k", DataTypes.STRING())
                .column("r_id", DataTypes.STRING())
                .column("b", DataTypes.BIGINT()),
            "k,r_id");
    Schema.Builder sinkColumns = leftColumns();
    this.sink =
        table(
            "s" + suffix,
            sinkKind == Sink.INDEX ? sinkKey() : "k",
            sinkColumns
                .column("r_id", DataTypes.STRING())
                .column("b", DataTypes.BIGINT())
                .column("both", DataTypes.BIGINT()),
            sinkKey());
    this.index =
        sinkKind == Sink.INDEX
            ? table(
                "i" + suffix,
                "k",
                Schema.newBuilder()
                    .column("k", DataTypes.STRING())
                    .column("l_id", DataTypes.STRING())
                    .column("r_id", DataTypes.STRING()),
                sinkKey())
            : null;
    this.leftTable = tables.cluster().describe(left);
    this.rightTable = tables.cluster().describe(right);
    this.leftWriter = TableWriter.open(leftTable, leftTable.schema());
    this.rightWriter = TableWriter.open(rightTable, rightTable.schema());
    this.held = tables.tail(sink);
  }

  /**
   * Each type with each kind of sink, every other one with a condition: with the next seed, the
   * others.
   */
  static List<RandomJoin> ofEveryKind(JoinTables tables, long seed) {
    return ofEveryKind(tables, number -> (number + seed) % 2 == 0, seed);
  }

  /** Each type once. */
  static List<RandomJoin> ofEveryType(JoinTables tables, long seed) {
    List<RandomJoin> joins = new ArrayList<>();
    for (JoinType type : JoinType.values()) {
      // each kind of sink with and without a condition, over types and seeds
      int turn = joins.size() + (int) (seed % 6);
      joins.add(new RandomJoin(tables, type, turn % 2 == 0, SINKS.get(turn % 3), seed));
    }
    return joins;
  }

  /** Each type with each kind of sink, with a condition. */
  static List<RandomJoin> ofEveryKindWithCondition(JoinTables tables) {
    return ofEveryKind(tables, number -> true, 0);
  }

  private static List<RandomJoin> ofEveryKind(
      JoinTables tables, IntPredicate conditional, long seed) {
    List<RandomJoin> joins = new ArrayList<>();
    for (JoinType type : JoinType.values()) {
      for (Sink sink : Sink.values()) {
        joins.add(new RandomJoin(tables, type, conditional.test(joins.size()), sink, seed));
      }
    }
    return joins;
  }

  private boolean isLeftUnique() {
    return sinkKind == Sink.KEY;
  }

  private String sinkKey() {
    return isLeftUnique() ? "k,r_id" : "k,l_id,r_id";
  }

  private Schema.Builder leftColumns() {
    Schema.Builder columns = Schema.newBuilder().column("k", DataTypes.STRING());
    if (!isLeftUnique()) {
      columns.column("l_id", DataTypes.STRING());
    }
    return columns.column("a", DataTypes.BIGINT());
  }

  private String table(String name, String bucketKey, Schema.Builder columns, String primaryKey) {
    return tables.create(
        name,
        TableDescriptor.builder()
            .schema(columns.primaryKey(primaryKey.split(",")).build())
            .distributedBy(2, bucketKey.split(","))
            .build());
  }

  /** One that fails where its faults say so. */
  DeltaJoin join(Faults faults) {
    return join().withComputed("both", FieldType.INT64, faults.failing(RandomJoin::both));
  }

  DeltaJoin join() {
    DeltaJoin join =
        DeltaJoin.of(type)
            .left(
                tables.cluster(),
                left,
                isLeftUnique() ? new String[] {"a"} : new String[] {"l_id", "a"})
            .right(tables.cluster(), right, "r_id", "b")
            .on("k")
            .withComputed("both", FieldType.INT64, RandomJoin::both)
            .to(tables.cluster(), sink)
            .withShards(4);
    if (type.keepsLeft()) {
      join = join.withStandIn("r_id", NONE);
    }
    if (type.keepsRight() && !isLeftUnique()) {
      join = join.withStandIn("l_id", NONE);
    }
    if (conditional) {
      join = join.withCondition(row -> row.getInt64("a") <= row.getInt64("b"));
    }
    return index == null ? join : join.withIndex(index);
  }

  private static Long both(Row row) {
    Long a = row.getInt64("a");
    Long b = row.getInt64("b");
    return a == null || b == null ? null : 10 * a + b;
  }

  String name() {
    return type + " " + sinkKind + (conditional ? " with condition" : "") + ", seed " + seed;
  }

  /** Makes some changes, acknowledged when this returns. */
  void change(int number) {
    for (int i = 0; i < number; i++) {
      String key = "k" + random.nextInt(KEYS);
      switch (random.nextInt(12)) {
        case 0 -> deleteKey(key);
        case 1, 2, 3 -> delete(random.nextBoolean(), id(key, random.nextBoolean()));
        default -> {
          boolean ofLeft = random.nextBoolean();
          put(ofLeft, id(key, ofLeft), random.nextInt(VALUES));
        }
      }
    }
    flush();
  }

  void flush() {
    leftWriter.flush();
    rightWriter.flush();
  }

  void putLeft(String key, String id, long value) {
    put(true, new Id(key, isLeftUnique() ? "" : id), value);
  }

  void putRight(String key, String id, long value) {
    put(false, new Id(key, id), value);
  }

  void deleteLeft(String key, String id) {
    delete(true, new Id(key, id));
  }

  void deleteRight(String key, String id) {
    delete(false, new Id(key, id));
  }

  private Id id(String key, boolean ofLeft) {
    return new Id(key, ofLeft && isLeftUnique() ? "" : "i" + random.nextInt(ROWS_A_KEY));
  }

  /** Both sides at once: whoever looks up after it finds nothing on either. */
  private void deleteKey(String key) {
    for (boolean ofLeft : new boolean[] {true, false}) {
      for (Id id : List.copyOf((ofLeft ? lefts : rights).keySet())) {
        if (id.key().equals(key)) {
          delete(ofLeft, id);
        }
      }
    }
  }

  private void put(boolean ofLeft, Id id, long value) {
    (ofLeft ? lefts : rights).put(id, value);
    (ofLeft ? leftWriter : rightWriter).upsert(row(ofLeft, id, value));
  }

  private void delete(boolean ofLeft, Id wanted) {
    Id id = ofLeft && isLeftUnique() ? new Id(wanted.key(), "") : wanted;
    (ofLeft ? lefts : rights).remove(id);
    (ofLeft ? leftWriter : rightWriter).delete(row(ofLeft, id, 0));
  }

  private Row row(boolean ofLeft, Id id, long value) {
    List<Object> values = new ArrayList<>(List.of(id.key()));
    if (!ofLeft || !isLeftUnique()) {
      values.add(id.id());
    }
    values.add(value);
    return Row.withSchema((ofLeft ? leftTable : rightTable).schema()).addValues(values).build();
  }

  private Set<String> keys() {
    return Stream.concat(lefts.keySet().stream(), rights.keySet().stream())
        .map(Id::key)
        .collect(toSet());
  }

  /** The sink's rows as they are to be, by key. */
  Map<String, List<Object>> expected() {
    Map<String, List<Object>> result = new TreeMap<>();
    for (String key : keys()) {
      Set<Id> matched = new HashSet<>();
      lefts.forEach(
          (l, a) -> {
            boolean any = false;
            for (Map.Entry<Id, Long> r : rights.entrySet()) {
              if (l.key().equals(key)
                  && r.getKey().key().equals(key)
                  && (!conditional || a <= r.getValue())) {
                put(result, key, l, a, r.getKey(), r.getValue());
                matched.add(r.getKey());
                any = true;
              }
            }
            if (l.key().equals(key) && !any && type.keepsLeft()) {
              put(result, key, l, a, null, null);
            }
          });
      if (type.keepsRight()) {
        rights.forEach(
            (r, b) -> {
              if (r.key().equals(key) && !matched.contains(r)) {
                put(result, key, null, null, r, b);
              }
            });
      }
    }
    return result;
  }

  private void put(Map<String, List<Object>> result, String key, Id l, Long a, Id r, Long b) {
    List<Object> row = new ArrayList<>(List.of(key));
    List<Object> id = new ArrayList<>(List.of(key));
    if (!isLeftUnique()) {
      row.add(l == null ? NONE : l.id());
      id.add(row.get(1));
    }
    row.add(a);
    row.add(r == null ? NONE : r.id());
    id.add(r == null ? NONE : r.id());
    row.addAll(Arrays.asList(b, a == null || b == null ? null : 10 * a + b));
    result.put(id.toString(), row);
  }

  /** What the sides hold, as bounded inputs of {@link DeltaJoin#bounded()}. */
  PCollectionList<Row> contents(Pipeline pipeline) {
    return PCollectionList.of(contents(pipeline, true)).and(contents(pipeline, false));
  }

  private PCollection<Row> contents(Pipeline pipeline, boolean ofLeft) {
    List<Row> rows = new ArrayList<>();
    (ofLeft ? lefts : rights).forEach((id, value) -> rows.add(row(ofLeft, id, value)));
    return pipeline.apply(
        name() + (ofLeft ? " left" : " right"),
        Create.of(rows).withRowSchema((ofLeft ? leftTable : rightTable).schema()));
  }

  Map<String, List<Object>> held() throws Exception {
    return held.contents();
  }

  /**
   * Puts a pair whose values nobody else puts, and waits until the sink has it: what was changed
   * before is at most as far behind.
   */
  void awaitFollowed() {
    rounds++;
    putLeft("round", "i0", rounds);
    putRight("round", "i0", rounds);
    flush();
    await(name() + " following")
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .atMost(Duration.ofMinutes(3))
        .until(() -> held().values().stream().anyMatch(row -> row.contains(11 * rounds)));
  }

  /** Waits until all are right at once, and stay so for a while. */
  static void assertComeToRest(List<RandomJoin> joins, Duration quiet) {
    await("joins at rest")
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .during(quiet)
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () -> {
              for (RandomJoin join : joins) {
                assertThat(join.name(), join.held(), equalTo(join.expected()));
              }
            });
  }

  void assertComesToRest(Duration quiet) {
    DeltaJoinContract.assertComesToRest(name(), held, expected(), quiet);
  }

  @Override
  public void close() {
    leftWriter.close();
    rightWriter.close();
    held.close();
  }
}
