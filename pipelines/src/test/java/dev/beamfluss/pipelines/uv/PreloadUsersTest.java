package dev.beamfluss.pipelines.uv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.lookup.LookupResult;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Two servers, of which one stops between two loads. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
@SuppressWarnings("try") // an interrupt while closing fails the test
class PreloadUsersTest {
  private static final int SERVERS = 2;
  private static final int BUCKETS = 3;
  private static final long SHARE = 100;

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(
          LocalFluss.builder()
              .tabletServers(SERVERS)
              .property("default.replication.factor", String.valueOf(SERVERS)));

  @TempDir Path directory;

  private void createTables() {
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table :
          UvTables.definitions(TableOptions.defaults().withBucketNum(BUCKETS).withLake(false))) {
        TableDescriptor descriptor = table.descriptor();
        if (table.name().equals(UvTables.USER_MAPPING)) {
          Map<String, String> properties = new HashMap<>(descriptor.getProperties());
          properties.put("table.auto-increment.cache-size", String.valueOf(SHARE));
          descriptor = descriptor.withProperties(properties);
        }
        creator.create(new TableDefinition(table.database(), table.name(), descriptor));
      }
    }
  }

  private String preload(int expectedStatus, String... more) {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--runner=DirectRunner",
                "--targetParallelism=2",
                "--bootstrapServers=" + fluss.bootstrapServers()));
    flags.addAll(List.of(more));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        PreloadUsers.run(
            flags.toArray(String[]::new),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), status, is(expectedStatus));
    return status == 0 ? out.toString(UTF_8) : err.toString(UTF_8);
  }

  /** Ids that are neither small nor dense, one of them twice, and a line that is none. */
  private void write(String file, int from, int to) throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = from; i < to; i++) {
      lines.add(String.valueOf(id(i)));
    }
    lines.add(String.valueOf(id(from)));
    lines.add("user " + from);
    Files.write(directory.resolve(file), lines);
  }

  private static long id(int i) {
    return 7_654_321_000_000L + 31L * i;
  }

  private static Map<Long, Long> numbers(int users) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    try (Connection connection = ConnectionFactory.createConnection(configuration);
        Table table = connection.getTable(TablePath.of(UvTables.DATABASE, UvTables.USER_MAPPING))) {
      Lookuper lookuper = table.newLookup().createLookuper();
      Map<Long, CompletableFuture<LookupResult>> asked = new TreeMap<>();
      for (int i = 0; i < users; i++) {
        asked.put(id(i), lookuper.lookup(GenericRow.of(id(i))));
      }
      Map<Long, Long> numbers = new TreeMap<>();
      for (Map.Entry<Long, CompletableFuture<LookupResult>> user : asked.entrySet()) {
        InternalRow row = user.getValue().get(30, TimeUnit.SECONDS).getSingletonRow();
        numbers.put(user.getKey(), row.getLong(1));
      }
      return numbers;
    }
  }

  private static void assertDistinctAndDense(Map<Long, Long> numbers, int failovers) {
    assertThat("distinct", new HashSet<>(numbers.values()).size(), is(numbers.size()));
    long greatest = numbers.values().stream().mapToLong(Long::longValue).max().orElseThrow();
    assertThat(
        "greatest number",
        greatest,
        lessThanOrEqualTo(numbers.size() + SHARE * (BUCKETS + failovers)));
  }

  @Test
  void numbersAreDistinctDenseAndStayThoughAServerStops() throws Exception {
    createTables();
    write("first.txt", 0, 2_000);
    String said = preload(0, "--ids=" + directory.resolve("*.txt"));
    assertThat(said, containsString("1 lines are no user id, see table uv.dead_letter"));
    assertThat(said, containsString("2001 ids written"));
    assertThat(said, containsString("2000 users in uv.user_mapping_table, greatest number "));
    Map<Long, Long> before = numbers(2_000);
    assertDistinctAndDense(before, 0);

    fluss.cluster().stopTabletServer(0);
    write("second.txt", 1_500, 3_000);
    preload(0, "--ids=" + directory.resolve("*.txt"), "--report=false");
    Map<Long, Long> after = numbers(3_000);
    assertDistinctAndDense(after, BUCKETS);
    after.keySet().retainAll(before.keySet());
    assertThat("numbers never change", after, is(before));

    assertThat(
        preload(2, "--ids=" + directory.resolve("*.txt"), "--attachedMode=false"),
        containsString("leave out attachedMode"));
    assertThat(preload(2), containsString("--ids"));
  }
}
