package dev.beamfluss.benchmarks;

import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;

/**
 * Looks up by the first column of a table without Beam, with a lookup join of Flink SQL and Fluss's
 * own connector, which is asynchronous by default.
 */
final class NativeLookup {
  private static final String IN_FLIGHT = "table.exec.async-lookup.buffer-capacity";

  private final String bootstrapServers;
  private final int parallelism;
  private final Map<String, String> client;
  private final Map<String, String> flink;

  private NativeLookup(
      String bootstrapServers,
      int parallelism,
      Map<String, String> client,
      Map<String, String> flink) {
    this.bootstrapServers = bootstrapServers;
    this.parallelism = parallelism;
    this.client = client;
    this.flink = flink;
  }

  /** Everything as it comes. */
  static NativeLookup byDefault(String bootstrapServers, int parallelism) {
    return new NativeLookup(bootstrapServers, parallelism, Map.of(), Map.of());
  }

  /** With these settings of Fluss's client, and so many lookups of a subtask in flight. */
  static NativeLookup tuned(
      String bootstrapServers, int parallelism, Map<String, String> client, int inFlight) {
    return new NativeLookup(
        bootstrapServers, parallelism, client, Map.of(IN_FLIGHT, Integer.toString(inFlight)));
  }

  /** Lookups a second, from the making of the first key to the last row found. */
  double measure(EventTable table, int rowsOfKey, LookupKeys keys, long number) throws Exception {
    Counter.reset();
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism);
    environment.getConfig().enableObjectReuse();
    StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
    flink.forEach(tables.getConfig()::set);
    tables.executeSql(
        String.format(
            "CREATE CATALOG fluss WITH ('type' = 'fluss', 'bootstrap.servers' = '%s')",
            bootstrapServers));
    tables.createTemporaryView(
        "wanted",
        environment
            .fromSequence(0, number - 1)
            .map(
                i -> {
                  Counter.begin();
                  return keys.at(i);
                })
            .returns(Types.LONG),
        Schema.newBuilder()
            .column("f0", "BIGINT")
            .columnByExpression("proc", "PROCTIME()")
            .build());
    rows(tables, join(tables, table)).addSink(new NativeRead.CountSink()).name("count");
    JobClient job = environment.executeAsync("native");
    try {
      double rate = Counter.awaitRateSinceBegin(number * rowsOfKey);
      return rate / rowsOfKey;
    } finally {
      NativeWrite.end(job);
    }
  }

  private Table join(StreamTableEnvironment tables, EventTable table) {
    return tables.sqlQuery(
        String.format(
            "SELECT found.* FROM wanted JOIN fluss.%s %s FOR SYSTEM_TIME AS OF wanted.proc AS found"
                + " ON found.c0 = wanted.f0",
            table.path(), hint(client)));
  }

  /** Options of a table, for after its name. */
  static String hint(Map<String, String> options) {
    return options.isEmpty()
        ? ""
        : options.entrySet().stream()
            .map(option -> String.format("'%s' = '%s'", option.getKey(), option.getValue()))
            .collect(Collectors.joining(", ", "/*+ OPTIONS(", ") */"));
  }

  /** Flink's own rows: nothing is converted for the one who counts. */
  private static DataStream<RowData> rows(StreamTableEnvironment tables, Table table) {
    return tables.toDataStream(
        table, table.getResolvedSchema().toPhysicalRowDataType().bridgedTo(RowData.class));
  }
}
