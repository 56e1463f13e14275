package dev.beamfluss.pipelines.tables;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TableOptionsTest {

  private static final Map<String, String> PARTITIONED =
      Map.of(
          "table.auto-partition.enabled", "true",
          "table.auto-partition.num-retention", "2",
          "table.datalake.enabled", "true",
          "table.datalake.freshness", "30s");

  @Test
  void leavesTheDdlAloneByDefault() {
    assertThat(TableOptions.defaults().properties(PARTITIONED), is(PARTITIONED));
    assertThat(TableOptions.defaults().database("uv"), is("uv"));
  }

  @Test
  void overridesPartitioningWhereThereIsAny() {
    TableOptions options = TableOptions.defaults().withNumRetention(-1).withNumPrecreate(0);
    assertThat(
        options.properties(PARTITIONED),
        is(
            Map.of(
                "table.auto-partition.enabled", "true",
                "table.auto-partition.num-retention", "-1",
                "table.auto-partition.num-precreate", "0",
                "table.datalake.enabled", "true",
                "table.datalake.freshness", "30s")));
    assertThat(options.properties(Map.of()), is(Map.of()));
  }

  @Test
  void leavesTheLakeOut() {
    assertThat(
        TableOptions.defaults().withLake(false).properties(PARTITIONED),
        is(
            Map.of(
                "table.auto-partition.enabled", "true",
                "table.auto-partition.num-retention", "2")));
  }

  @Test
  void namesTheValueThatIsWrong() {
    TableOptions options = TableOptions.defaults();
    refuses("bucketNum must be at least 1", () -> options.withBucketNum(0));
    refuses("replicationFactor must be at least 1", () -> options.withReplicationFactor(0));
    refuses("logTtl must be a duration such as", () -> options.withLogTtl("soon"));
    refuses("logTtl must be more than zero", () -> options.withLogTtl("0s"));
    refuses("numRetention must be -1", () -> options.withNumRetention(-2));
    refuses("numPrecreate must be at least 0", () -> options.withNumPrecreate(-1));
    refuses("databasePrefix may contain", () -> options.withDatabasePrefix("a.b"));
  }

  private static void refuses(String message, Runnable change) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, change::run);
    assertThat(e.getMessage(), startsWith(message));
  }
}
