package dev.beamfluss.io.paimon;

import static dev.beamfluss.io.paimon.PaimonReadSchemaTransformProvider.CHANGE_TYPE;
import static dev.beamfluss.io.paimon.PaimonReadSchemaTransformProvider.ReadTransform.inField;
import static dev.beamfluss.io.paimon.PaimonReadSchemaTransformProvider.ReadTransform.with;
import static dev.beamfluss.io.paimon.PaimonReadSchemaTransformProvider.ReadTransform.wrong;
import static java.util.Objects.requireNonNull;

import dev.beamfluss.io.paimon.PaimonWriteSchemaTransformProvider.Configuration;
import dev.beamfluss.io.paimon.PaimonWriteSchemaTransformProvider.Create;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.providers.ErrorHandling;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.paimon.table.Table;
import org.checkerframework.checker.nullness.qual.Nullable;

/** One of the writes of {@link PaimonIO}, as a configuration asks for it. */
final class PaimonWriteSchemaTransform extends SchemaTransform {
  private static final String ROWS = "rows";
  private static final String CHANGES = "changes";
  private static final Schema WRITTEN =
      Schema.builder().addInt64Field(PaimonWriteSchemaTransformProvider.COUNT).build();

  private final Configuration configuration;
  private final boolean changes;

  /** All but the shape of the input and the error handler. */
  final PaimonIO.Write<Row> options;

  /**
   * @throws IllegalArgumentException if a value is wrong whatever the table and the input
   */
  PaimonWriteSchemaTransform(Configuration configuration) {
    this.configuration = configuration;
    this.changes = isChanges(configuration.getMode());
    this.options = options();
    if (PaimonWriteSchemaTransformProvider.OUTPUT.equals(errorOutput())) {
      throw wrong(
          "error_handling",
          PaimonWriteSchemaTransformProvider.OUTPUT,
          "another name: this is that of the other output",
          null);
    }
  }

  private @Nullable String errorOutput() {
    return ErrorHandling.getOutputOrNull(configuration.getErrorHandling());
  }

  private static boolean isChanges(@Nullable String mode) {
    return switch (mode == null ? ROWS : mode) {
      case ROWS -> false;
      case CHANGES -> true;
      default -> throw wrong("mode", mode, "rows or changes", null);
    };
  }

  private PaimonIO.Write<Row> options() {
    PaimonIO.Write<Row> result =
        PaimonIO.write().to(configuration.getCatalogProperties(), configuration.getTable());
    result = with(result, "create", configuration.getCreate(), PaimonWriteSchemaTransform::create);
    if (Boolean.TRUE.equals(configuration.getOverwrite())) {
      if (configuration.getOverwritePartition() != null) {
        throw wrong("overwrite", true, "only one of overwrite and overwrite_partition", null);
      }
      result = result.withOverwrite();
    }
    result =
        with(
            result,
            "overwrite_partition",
            configuration.getOverwritePartition(),
            PaimonIO.Write::withOverwrite);
    result =
        with(
            result,
            "commit_interval_seconds",
            configuration.getCommitIntervalSeconds(),
            (w, seconds) -> w.withCommitInterval(Duration.ofSeconds(seconds)));
    return with(result, "shards", configuration.getShards(), PaimonIO.Write::withShards);
  }

  private static PaimonIO.Write<Row> create(PaimonIO.Write<Row> write, Create create) {
    return write.withCreateTable(
        create.getPrimaryKeys() == null ? List.of() : create.getPrimaryKeys(),
        create.getPartitionKeys() == null ? List.of() : create.getPartitionKeys(),
        create.getOptions() == null ? Map.of() : create.getOptions());
  }

  @Override
  public PCollectionRowTuple expand(PCollectionRowTuple input) {
    PCollection<Row> rows = input.get(PaimonWriteSchemaTransformProvider.INPUT);
    PaimonIO.Write<Row> write = options.toBuilder().setShape(shape(rows.getSchema())).build();
    check(write, rows);
    if (errorOutput() == null) {
      return PCollectionRowTuple.of(PaimonWriteSchemaTransformProvider.OUTPUT, write(rows, write));
    }
    ErrorHandler.BadRecordErrorHandler<PCollection<Row>> handler =
        rows.getPipeline()
            .registerBadRecordErrorHandler(new Errors(rows.getCoder(), rows.getSchema()));
    PCollection<Row> written;
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Row>> errors = handler) {
      written = write(rows, write.withErrorHandler(errors));
    }
    return PCollectionRowTuple.of(
        PaimonWriteSchemaTransformProvider.OUTPUT, written, errorOutput(), handler.getOutput());
  }

  private WriteShape<Row> shape(Schema rows) {
    if (changes) {
      return inField("mode", () -> new WriteShape.ChangeRows(rows, CHANGE_TYPE));
    }
    if (rows.hasField(CHANGE_TYPE)) {
      throw wrong(
          "mode",
          ROWS,
          "changes, as the rows have the field " + CHANGE_TYPE + ", or drop the field",
          null);
    }
    return WriteShape.Rows.INSTANCE;
  }

  private static void check(PaimonIO.Write<Row> write, PCollection<Row> rows) {
    WriteToTable<Row> steps = new WriteToTable<>(write);
    Schema columns = write.shape().schema(rows);
    String overwrite =
        write.overwrite() == null || write.overwrite().isEmpty()
            ? "overwrite"
            : "overwrite_partition";
    check(overwrite, () -> steps.requireBoundedOverwrite(rows.isBounded() == IsBounded.BOUNDED));
    Table table = inField(write.newTable() == null ? "table" : "create", () -> steps.load(columns));
    check("table", () -> steps.target(table));
    check("mode", () -> steps.requireKey(table));
    check(overwrite, () -> steps.requirePartitions(table));
    check("input", () -> WriteToTable.requireColumns(table, columns));
  }

  private static void check(String field, Runnable check) {
    inField(
        field,
        () -> {
          check.run();
          return null;
        });
  }

  private static PCollection<Row> write(PCollection<Row> rows, PaimonIO.Write<Row> write) {
    return rows.apply("Write", write)
        .getCommitted()
        .apply(
            "Written",
            MapElements.into(TypeDescriptors.rows())
                .via(count -> Row.withSchema(WRITTEN).addValue(count).build()))
        .setRowSchema(WRITTEN);
  }

  private static final class Errors extends PTransform<PCollection<BadRecord>, PCollection<Row>> {
    private final Coder<Row> coder;
    private final Schema schema;

    Errors(Coder<Row> coder, Schema rows) {
      this.coder = coder;
      this.schema = ErrorHandling.errorSchema(rows);
    }

    @Override
    public PCollection<Row> expand(PCollection<BadRecord> input) {
      return input.apply(ParDo.of(new ToRow(coder, schema))).setRowSchema(schema);
    }
  }

  private static final class ToRow extends DoFn<BadRecord, Row> {
    private final Coder<Row> coder;
    private final Schema schema;

    ToRow(Coder<Row> coder, Schema schema) {
      this.coder = coder;
      this.schema = schema;
    }

    @ProcessElement
    public void process(@Element BadRecord bad, OutputReceiver<Row> out) throws CoderException {
      byte[] row = requireNonNull(bad.getRecord().getEncodedRecord(), "encoded row");
      out.output(
          Row.withSchema(schema)
              .addValues(
                  CoderUtils.decodeFromByteArray(coder, row), bad.getFailure().getDescription())
              .build());
    }
  }
}
