package dev.beamfluss.pipelines.tables;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import java.time.Instant;
import java.util.Map;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/**
 * Writes what a pipeline cannot compute to a log table, with the reason, so that one bad row does
 * not stop the others; a sink for error handlers. A row that is replayed is written again.
 */
public final class DeadLetters extends PTransform<PCollection<BadRecord>, PCollection<Long>> {

  /** The table's name in each database that has one. */
  public static final String TABLE = "dead_letter";

  private static final Schema SCHEMA =
      Schema.builder()
          .addNullableField("at", FieldType.logicalType(SqlTypes.TIMESTAMP))
          .addNullableStringField("job")
          .addNullableStringField("reason")
          .addNullableStringField("exception")
          .build();

  private final FlussCluster cluster;
  private final String table;

  private DeadLetters(FlussCluster cluster, String table) {
    this.cluster = cluster;
    this.table = table;
  }

  /** Into a table that was created by its {@link #definition}. */
  public static DeadLetters to(FlussCluster cluster, String table) {
    return new DeadLetters(cluster, table);
  }

  /** The table, kept for {@link TableOptions#logTtl}. */
  public static TableDefinition definition(String database, TableOptions options) {
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(
                org.apache.fluss.metadata.Schema.newBuilder()
                    .column("at", DataTypes.TIMESTAMP_LTZ(3))
                    .withComment("When it was refused, by the worker's clock")
                    .column("job", DataTypes.STRING())
                    .withComment("Name of the job")
                    .column("reason", DataTypes.STRING())
                    .withComment("What is refused, and why")
                    .column("exception", DataTypes.STRING())
                    .withComment("The same as the code tells it")
                    .build())
            .comment("What could not be computed")
            .distributedBy(1)
            .properties(options.properties(Map.of("table.log.ttl", options.logTtl())))
            .build();
    return new TableDefinition(options.database(database), TABLE, descriptor);
  }

  @Override
  public PCollection<Long> expand(PCollection<BadRecord> refused) {
    return refused
        .apply(
            "To rows", MapElements.via(new ToRow(refused.getPipeline().getOptions().getJobName())))
        .setRowSchema(SCHEMA)
        .apply("Write", FlussIO.write().to(cluster, table))
        .getAcknowledged();
  }

  private static final class ToRow extends SimpleFunction<BadRecord, Row> {
    private final String job;

    ToRow(String job) {
      this.job = job;
    }

    @Override
    public Row apply(BadRecord refused) {
      return Row.withSchema(SCHEMA)
          .addValues(
              Instant.ofEpochMilli(System.currentTimeMillis()),
              job,
              refused.getFailure().getDescription(),
              refused.getFailure().getException())
          .build();
    }
  }
}
