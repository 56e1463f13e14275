package dev.beamfluss.benchmarks;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreWriteTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.flink.sink.FlussSink;
import org.apache.fluss.flink.sink.FlussSinkBuilder;
import org.apache.fluss.flink.sink.serializer.RowDataSerializationSchema;
import org.apache.fluss.flink.utils.FlinkConversions;

/**
 * Writes without Beam, with a Flink job of Fluss's own sink as it comes, which shuffles the rows of
 * a KV table by bucket. Each subtask's rows count once its writer is flushed at the end.
 */
final class NativeWrite implements TableFill {
  private final Configuration client;
  private final int parallelism;

  /**
   * @param client has {@code bootstrap.servers} and the writer's settings
   */
  NativeWrite(Configuration client, int parallelism) {
    this.client = client;
    this.parallelism = parallelism;
  }

  @Override
  public double measure(EventTable table, EventRows rows, long number) throws Exception {
    Counter.reset();
    StreamExecutionEnvironment flink =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism);
    flink.getConfig().enableObjectReuse();
    int width = table.columns();
    flink
        .fromSequence(0, number - 1)
        .map(
            i -> {
              Counter.begin();
              return (RowData) rows.flink(i, width);
            })
        .returns(InternalTypeInfo.of(FlinkConversions.toFlinkRowType(table.rowType())))
        .sinkTo(new CountedSink(sink(table, rows)));
    JobClient job = flink.executeAsync("native");
    try {
      return Counter.awaitRateSinceBegin(number);
    } finally {
      end(job);
    }
  }

  /** A job that ends by itself, unless something went wrong. */
  static void end(JobClient job) throws Exception {
    try {
      var unused = job.getJobExecutionResult().get(1, TimeUnit.MINUTES);
    } catch (TimeoutException e) {
      job.cancel().get(1, TimeUnit.MINUTES);
    }
  }

  private FlussSink<RowData> sink(EventTable table, EventRows rows) {
    FlussSinkBuilder<RowData> sink =
        FlussSink.<RowData>builder()
            .setBootstrapServers(client.toMap().get("bootstrap.servers"))
            .setDatabase(table.path().getDatabaseName())
            .setTable(table.path().getTableName())
            .setOptions(client.toMap())
            .setSerializationSchema(new RowDataSerializationSchema(!table.isKeyed(), false));
    return (rows.columns() == table.columns()
            ? sink
            : sink.setPartialUpdateColumns(table.firstColumns(rows.columns())))
        .build();
  }

  /** Fluss's sink, whose flushed rows are counted. */
  private static final class CountedSink
      implements Sink<RowData>, SupportsPreWriteTopology<RowData> {
    private final FlussSink<RowData> sink;

    CountedSink(FlussSink<RowData> sink) {
      this.sink = sink;
    }

    @Override
    public DataStream<RowData> addPreWriteTopology(DataStream<RowData> input) {
      return sink.addPreWriteTopology(input);
    }

    @Override
    @SuppressWarnings("deprecation") // Flink 1.19 has no other that must be there
    public SinkWriter<RowData> createWriter(InitContext context) throws IOException {
      return new CountedWriter(sink.createWriter(context));
    }
  }

  @SuppressWarnings("try") // an interrupted close fails the job, as it should
  private static final class CountedWriter implements SinkWriter<RowData> {
    private final SinkWriter<RowData> writer;
    private long written;

    CountedWriter(SinkWriter<RowData> writer) {
      this.writer = writer;
    }

    @Override
    public void write(RowData row, Context context) throws IOException, InterruptedException {
      writer.write(row, context);
      written++;
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
      writer.flush(endOfInput);
      Counter.add(written);
      written = 0;
    }

    @Override
    public void close() throws Exception {
      writer.close();
    }
  }
}
