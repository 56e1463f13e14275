package dev.beamfluss.io.fluss;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Map.entry;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/** The defaults of the reads' options, that each can be set, and what they refuse. */
class ReadOptionsTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final FlussCluster CLUSTER = FlussCluster.at("fluss:9123");
  private static final PartitionFilter FILTER = values -> true;
  private static final SerializableFunction<Row, org.joda.time.Instant> FUNCTION = row -> null;
  private static final ErrorHandler<BadRecord, ?> HANDLER =
      new ErrorHandler.DefaultErrorHandler<>();

  @Test
  void defaultsOfReadsOfLogs() {
    Map<String, Object> defaults =
        Map.ofEntries(
            entry("shape", ReadShape.ROWS),
            entry("lake", false),
            entry("start", Position.full()),
            entry("partitionDiscoveryInterval", Duration.ofSeconds(10)),
            entry("eventTime", new EventTime.Stored()),
            entry("maxOutOfOrderness", Duration.ZERO),
            entry("clusterTimeout", Duration.ofMinutes(2)));
    Set<String> unset =
        Set.of("cluster", "table", "columns", "stop", "partitionFilter", "errorHandler");
    assertOptions(FlussIO.Read.class, FlussIO.readRows(), defaults, unset);
    Map<String, Object> ofChanges = new HashMap<>(defaults);
    ofChanges.put("shape", ReadShape.CHANGES);
    assertOptions(FlussIO.Read.class, FlussIO.readChanges(), ofChanges, unset);
  }

  @Test
  void everyOptionOfAReadOfALogCanBeSet() {
    Position start = Position.timestamp(Instant.EPOCH);
    assertOptions(
        FlussIO.Read.class,
        FlussIO.readRows()
            .from(CLUSTER, "shop.orders")
            .withColumns("a", "b")
            .withStartingPosition(start)
            .withStoppingPosition(Position.latest())
            .withLake()
            .withPartitionFilter(FILTER)
            .withPartitionDiscoveryInterval(Duration.ofSeconds(1))
            .withTimestampColumn("a")
            .withMaxOutOfOrderness(Duration.ofSeconds(2))
            .withClusterTimeout(Duration.ofSeconds(3))
            .withErrorHandler(HANDLER),
        Map.ofEntries(
            entry("shape", ReadShape.ROWS),
            entry("cluster", CLUSTER),
            entry("table", "shop.orders"),
            entry("columns", List.of("a", "b")),
            entry("start", start),
            entry("stop", Position.latest()),
            entry("lake", true),
            entry("partitionFilter", FILTER),
            entry("partitionDiscoveryInterval", Duration.ofSeconds(1)),
            entry("eventTime", new EventTime.Column("a")),
            entry("maxOutOfOrderness", Duration.ofSeconds(2)),
            entry("clusterTimeout", Duration.ofSeconds(3)),
            entry("errorHandler", HANDLER)),
        Set.of());
    assertThat(
        FlussIO.readRows().withTimestampFn(FUNCTION).eventTime(),
        equalTo(new EventTime.Function(FUNCTION)));
    assertThat(FlussIO.readRows().withColumns("a").withAllColumns().columns(), equalTo(List.of()));
  }

  @Test
  void optionsOfReadsOfContents() {
    assertOptions(
        FlussIO.ReadContents.class,
        FlussIO.readContents(),
        Map.of("eventTime", new EventTime.Stored(), "lake", false),
        Set.of("cluster", "table", "columns", "partitionFilter", "errorHandler"));
    assertOptions(
        FlussIO.ReadContents.class,
        FlussIO.readContents()
            .from(CLUSTER, "shop.orders")
            .withColumns("a", "b")
            .withLake()
            .withPartitionFilter(FILTER)
            .withTimestampFn(FUNCTION)
            .withErrorHandler(HANDLER),
        Map.of(
            "cluster",
            CLUSTER,
            "table",
            "shop.orders",
            "columns",
            List.of("a", "b"),
            "lake",
            true,
            "partitionFilter",
            FILTER,
            "eventTime",
            new EventTime.Function(FUNCTION),
            "errorHandler",
            HANDLER),
        Set.of());
    assertThat(
        FlussIO.readContents().withTimestampColumn("a").eventTime(),
        equalTo(new EventTime.Column("a")));
    assertThat(
        FlussIO.readContents().withColumns("a").withAllColumns().columns(), equalTo(List.of()));
  }

  /** An option that is new is neither expected nor unset, and fails this until it is tested. */
  static void assertOptions(
      Class<?> type, Object read, Map<String, Object> set, Set<String> unset) {
    Map<String, Object> expected = new HashMap<>(set);
    unset.forEach(name -> expected.put(name, null));
    Map<String, Object> actual = new HashMap<>();
    for (Method method : type.getDeclaredMethods()) {
      if (Modifier.isAbstract(method.getModifiers()) && !method.getName().equals("toBuilder")) {
        try {
          actual.put(method.getName(), method.invoke(read));
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException(e);
        }
      }
    }
    assertThat(actual, equalTo(expected));
  }

  @Test
  void positionsThatNoReadCanStopAt() {
    for (Position position : List.of(Position.full(), Position.earliest())) {
      assertRefused(
          () -> FlussIO.readChanges().withStoppingPosition(position),
          "cannot stop at " + position,
          "Position.latest() or Position.timestamp(..)");
    }
  }

  @Test
  void positionsThatAreYetToCome() {
    FlussIO.Read<RowChange> read =
        FlussIO.readChanges().from(cluster(), TestTables.orders(fluss, 1));
    Instant soon = Instant.now().plusSeconds(3_600);
    assertRefused(
        () -> apply(read.withStartingPosition(Position.timestamp(soon))),
        "withStartingPosition(" + soon + ")",
        "yet to come",
        "Position.latest()");
    assertRefused(
        () -> apply(read.withStoppingPosition(Position.timestamp(soon))),
        "withStoppingPosition(" + soon + ")",
        "yet to come");
  }

  @Test
  void timesThatAreTooShort() {
    for (Duration duration : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
      assertRefused(
          () -> FlussIO.readRows().withPartitionDiscoveryInterval(duration),
          "withPartitionDiscoveryInterval(" + duration + ")",
          "longer than zero");
      assertRefused(
          () -> FlussIO.readRows().withClusterTimeout(duration),
          "withClusterTimeout(" + duration + ")",
          "longer than zero");
    }
    assertRefused(
        () -> FlussIO.readRows().withMaxOutOfOrderness(Duration.ofMillis(-1)),
        "withMaxOutOfOrderness(PT-0.001S)",
        "zero or more");
  }

  @Test
  void noColumns() {
    assertRefused(() -> FlussIO.readRows().withColumns(), "at least one column");
    assertRefused(() -> FlussIO.readContents().withColumns(), "at least one column");
  }

  @Test
  void aFilterOfPartitionsThatThereAreNone() {
    String table = TestTables.orders(fluss, 1);
    for (PTransform<PBegin, ?> read :
        List.of(
            FlussIO.readChanges().from(cluster(), table).withPartitionFilter(FILTER),
            FlussIO.readContents().from(cluster(), table).withPartitionFilter(FILTER))) {
      assertRefused(
          () -> apply(read),
          table,
          "has no partitions to filter",
          "Leave out withPartitionFilter(..)");
    }
  }

  @Test
  void columnsThatHoldNoTimestamps() {
    String table = TestTables.orders(fluss, 1);
    for (PTransform<PBegin, ?> read :
        List.of(
            FlussIO.readChanges().from(cluster(), table).withTimestampColumn("when"),
            FlussIO.readContents().from(cluster(), table).withTimestampColumn("when"))) {
      assertRefused(
          () -> apply(read),
          table,
          "has no column when to take timestamps from",
          "[user_id, order_id, amount]");
    }
    for (PTransform<PBegin, ?> read :
        List.of(
            FlussIO.readChanges().from(cluster(), table).withTimestampColumn("user_id"),
            FlussIO.readContents().from(cluster(), table).withTimestampColumn("user_id"))) {
      assertRefused(
          () -> apply(read),
          "Column user_id of table " + table + " is STRING NOT NULL",
          "TIMESTAMP, TIMESTAMP_LTZ or BIGINT",
          "withTimestampFn(..)");
    }
  }

  @Test
  void aWideTableIsReadWholeWithAWarningUnlessThatIsMeant() {
    String wide = tableWithColumns(21);
    String warning = "Table " + wide + " is read whole, with all its 21 columns";
    FlussIO.Read<Row> rows = FlussIO.readRows().from(cluster(), wide);
    FlussIO.ReadContents contents = FlussIO.readContents().from(cluster(), wide);
    for (PTransform<PBegin, ?> whole : List.of(rows, contents)) {
      assertThat(loggedBy(() -> apply(whole)), containsString(warning));
    }
    for (PTransform<PBegin, ?> meant :
        List.of(
            rows.withAllColumns(),
            rows.withColumns("c0"),
            contents.withAllColumns(),
            contents.withColumns("c0"))) {
      assertThat(loggedBy(() -> apply(meant)), not(containsString("is read whole")));
    }
    String narrow = tableWithColumns(20);
    assertThat(
        loggedBy(() -> apply(FlussIO.readRows().from(cluster(), narrow))),
        not(containsString("is read whole")));
  }

  private static String tableWithColumns(int number) {
    Schema.Builder columns = Schema.newBuilder();
    IntStream.range(0, number).forEach(i -> columns.column("c" + i, DataTypes.INT()));
    return TestTables.create(
        fluss, "wide", TableDescriptor.builder().schema(columns.build()).distributedBy(1).build());
  }

  /** The tests' logger writes to whatever is the error output at that moment. */
  private static String loggedBy(Runnable action) {
    PrintStream before = System.err;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    System.setErr(new PrintStream(written, true, UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return written.toString(UTF_8);
  }

  private static FlussCluster cluster() {
    return TestTables.cluster(fluss);
  }

  private static void apply(PTransform<PBegin, ?> read) {
    @SuppressWarnings("unchecked") // the reads give nothing else
    PTransform<PBegin, PCollection<?>> typed = (PTransform<PBegin, PCollection<?>>) read;
    Pipeline.create().apply(typed);
  }

  static void assertRefused(Executable action, String... parts) {
    String message = assertThrows(IllegalArgumentException.class, action).getMessage();
    for (String part : parts) {
      assertThat(message, containsString(part));
    }
  }
}
