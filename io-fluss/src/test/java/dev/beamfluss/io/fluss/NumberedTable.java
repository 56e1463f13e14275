package dev.beamfluss.io.fluss;

import dev.beamfluss.local.FlussExtension;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/** A log table of the numbers from 0 on, each once, over partitions that come one by one. */
final class NumberedTable implements AutoCloseable {
  private final FlussCluster cluster;
  private final String path;
  private final FlussTable table;
  private final TableWriter writer;
  private final List<String> partitions = new ArrayList<>();
  private int next;

  NumberedTable(FlussExtension fluss, int buckets) {
    cluster = TestTables.cluster(fluss);
    path =
        TestTables.create(
            fluss,
            "numbered",
            TableDescriptor.builder()
                .schema(
                    Schema.newBuilder()
                        .column("n", DataTypes.BIGINT().copy(false))
                        .column("ds", DataTypes.STRING().copy(false))
                        .build())
                .distributedBy(buckets)
                .partitionedBy("ds")
                .build());
    table = cluster.describe(path);
    writer = TableWriter.open(table, table.schema());
    addPartition();
  }

  FlussIO.Read<Row> read() {
    return FlussIO.readRows().from(cluster, path);
  }

  /** The next numbers go to a partition of their own too; it is made with the first of them. */
  void addPartition() {
    partitions.add("p" + partitions.size());
  }

  int partitions() {
    return partitions.size();
  }

  /** Appends as many more numbers, in turn to every partition; returns when they are stored. */
  void append(int count) {
    for (int end = next + count; next < end; next++) {
      append(next, partitions.get(next % partitions.size()));
    }
    writer.flush();
  }

  /** Appends one question for each key to the partition made last. */
  void ask(int round) {
    for (int key = 0; key < SeenNumbers.KEYS; key++) {
      append(SeenNumbers.question(round, key), partitions.get(partitions.size() - 1));
    }
    writer.flush();
  }

  /** How many numbers there are. */
  int size() {
    return next;
  }

  private void append(long number, String partition) {
    writer.upsert(Row.withSchema(table.schema()).addValues(number, partition).build());
  }

  @Override
  public void close() {
    writer.close();
  }
}
