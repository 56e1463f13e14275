package dev.beamfluss.benchmarks;

import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.SinkFunction;
import org.apache.flink.table.data.RowData;
import org.apache.fluss.client.initializer.OffsetsInitializer;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.flink.source.FlussSource;
import org.apache.fluss.flink.source.deserializer.RowDataDeserializationSchema;
import org.apache.fluss.metadata.TablePath;

/**
 * Reads a log table without Beam, with Fluss's own source for Flink: a job of that source, which
 * makes Flink's rows, chained to a counting sink, in a Flink cluster inside this JVM as Beam's
 * {@code [local]} starts it.
 */
final class NativeRead {
  private final Configuration client;
  private final TablePath table;
  private final int parallelism;

  /**
   * @param client has {@code bootstrap.servers} and the scanner's settings
   */
  NativeRead(Configuration client, TablePath table, int parallelism) {
    this.client = client;
    this.table = table;
    this.parallelism = parallelism;
  }

  double measure(long rows) throws Exception {
    Counter.reset();
    StreamExecutionEnvironment flink =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism);
    flink.getConfig().enableObjectReuse();
    flink
        .fromSource(source(), WatermarkStrategy.noWatermarks(), "native")
        .addSink(new CountSink())
        .name("count");
    JobClient job = flink.executeAsync("native");
    try {
      return Counter.awaitRate(rows);
    } finally {
      job.cancel().get(1, TimeUnit.MINUTES);
    }
  }

  private FlussSource<RowData> source() {
    return FlussSource.<RowData>builder()
        .setBootstrapServers(client.toMap().get("bootstrap.servers"))
        .setDatabase(table.getDatabaseName())
        .setTable(table.getTableName())
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializationSchema(new RowDataDeserializationSchema())
        // a copy, as the builder adds the table's properties to what it is given
        .setFlussConfig(new Configuration(client))
        .build();
  }

  static final class CountSink implements SinkFunction<RowData> {
    @Override
    public void invoke(RowData row, Context context) {
      Counter.count(row);
    }
  }
}
