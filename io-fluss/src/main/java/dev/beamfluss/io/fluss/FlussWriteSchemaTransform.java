package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.FlussReadSchemaTransform.inField;
import static dev.beamfluss.io.fluss.FlussReadSchemaTransform.with;
import static dev.beamfluss.io.fluss.FlussReadSchemaTransform.wrong;
import static dev.beamfluss.io.fluss.FlussReadSchemaTransformProvider.CHANGE_TYPE;
import static java.util.Objects.requireNonNull;

import dev.beamfluss.io.fluss.FlussWriteSchemaTransformProvider.Configuration;
import java.time.Duration;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.providers.ErrorHandling;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.transforms.windowing.PaneInfo;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.util.RowStringInterpolator;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.beam.sdk.values.ValueInSingleWindow;
import org.checkerframework.checker.nullness.qual.Nullable;

/** One of the writes of {@link FlussIO}, as a configuration asks for it. */
final class FlussWriteSchemaTransform extends SchemaTransform {
  private static final String ROWS = "rows";
  private static final String CHANGES = "changes";
  private static final Schema WRITTEN =
      Schema.builder().addInt64Field(FlussWriteSchemaTransformProvider.COUNT).build();

  private final Configuration configuration;
  private final FlussCluster cluster;
  private final boolean template;
  private final boolean changes;

  /** All but the table, the shape of the input and the error handler. */
  final FlussIO.Write<Row> options;

  /**
   * @throws IllegalArgumentException if a value is wrong whatever the table and the input
   */
  FlussWriteSchemaTransform(Configuration configuration) {
    this.configuration = configuration;
    this.cluster =
        FlussReadSchemaTransform.cluster(
            configuration.getBootstrapServers(), configuration.getClientProperties());
    this.template = isTemplate(configuration.getTable());
    this.changes = isChanges(configuration.getMode());
    this.options = options();
    if (template && options.bucketShuffle()) {
      throw wrong(
          "bucket_shuffle",
          true,
          "false, as table is a template: nothing is known of the tables' buckets",
          null);
    }
    FlussReadSchemaTransform.checkErrorOutput(
        configuration.getErrorHandling(), FlussWriteSchemaTransformProvider.OUTPUT);
  }

  private static boolean isTemplate(String table) {
    String rest = table.replaceAll("\\{[^{}$]+}", "");
    if (rest.contains("{") || rest.contains("}")) {
      throw wrong(
          "table",
          table,
          "database.table, or a template with names of fields in braces, such as"
              + " shop.orders_{country}",
          null);
    }
    return !rest.equals(table);
  }

  private static boolean isChanges(@Nullable String mode) {
    return switch (mode == null ? ROWS : mode) {
      case ROWS -> false;
      case CHANGES -> true;
      default -> throw wrong("mode", mode, "rows or changes", null);
    };
  }

  private FlussIO.Write<Row> options() {
    FlussIO.Write<Row> result = FlussIO.write();
    result =
        with(
            result,
            "columns",
            configuration.getColumns(),
            (w, columns) -> w.withColumns(columns.toArray(new String[0])));
    result = with(result, "deletes", deletes(), FlussIO.Write::withDeletes);
    result =
        with(
            result,
            "timeout_seconds",
            configuration.getTimeoutSeconds(),
            (w, seconds) -> w.withTimeout(Duration.ofSeconds(seconds)));
    result =
        with(
            result,
            "idempotent_writer",
            configuration.getIdempotentWriter(),
            FlussIO.Write::withIdempotentWriter);
    if (Boolean.TRUE.equals(configuration.getAllowNonIdempotentMerge())) {
      result = result.allowNonIdempotentMerge();
    }
    return Boolean.TRUE.equals(configuration.getBucketShuffle())
        ? result.withBucketShuffle()
        : result;
  }

  private @Nullable Deletes deletes() {
    String deletes = configuration.getDeletes();
    if (deletes == null) {
      return null;
    }
    if (!changes) {
      throw wrong("deletes", deletes, "nothing where mode is rows, which deletes none", null);
    }
    return switch (deletes) {
      case "apply" -> Deletes.APPLY;
      case "ignore" -> Deletes.IGNORE;
      case "refuse" -> Deletes.REFUSE;
      default -> throw wrong("deletes", deletes, "apply, ignore or refuse", null);
    };
  }

  @Override
  public PCollectionRowTuple expand(PCollectionRowTuple input) {
    PCollection<Row> rows = input.get(FlussWriteSchemaTransformProvider.INPUT);
    FlussIO.Write<Row> write = options.toBuilder().setShape(shape(rows.getSchema())).build();
    FlussIO.Write<Row> toTable = template ? toMany(write, rows.getSchema()) : toOne(write, rows);
    return FlussReadSchemaTransform.outputs(
        rows.getPipeline(),
        FlussWriteSchemaTransformProvider.OUTPUT,
        errors -> write(rows, errors == null ? toTable : toTable.withErrorHandler(errors)),
        configuration.getErrorHandling(),
        new Errors(rows.getCoder(), rows.getSchema()));
  }

  private WriteShape<Row> shape(Schema rows) {
    if (changes) {
      return inField("mode", () -> new WriteShape.ChangeRows(rows, CHANGE_TYPE));
    }
    // no table has such a column: without this, a partial update would upsert what was deleted
    if (rows.hasField(CHANGE_TYPE)) {
      throw wrong(
          "mode",
          ROWS,
          "changes, as the rows have the field " + CHANGE_TYPE + ", or drop the field",
          null);
    }
    return WriteShape.Rows.INSTANCE;
  }

  private FlussIO.Write<Row> toMany(FlussIO.Write<Row> write, Schema rows) {
    return write.to(
        cluster,
        inField(
            "table",
            () -> new Template(new RowStringInterpolator(configuration.getTable(), rows))));
  }

  private FlussIO.Write<Row> toOne(FlussIO.Write<Row> write, PCollection<Row> rows) {
    FlussTable table = inField("table", () -> cluster.describe(configuration.getTable()));
    WriteSpec spec = write.spec();
    Schema columns = write.shape().schema(rows);
    if (write.shape().isOnlyForKeyed()) {
      check("mode", () -> table.requireKeyed("take changes"));
      check("deletes", () -> spec.checkDeletes(table));
    }
    check("columns", () -> spec.checkColumns(table));
    check("allow_non_idempotent_merge", () -> spec.checkMerges(table));
    check("input", () -> spec.checkInput(table, columns));
    if (write.bucketShuffle()) {
      check("bucket_shuffle", () -> new BucketOf<>(table, write.shape(), columns));
    }
    return write.to(cluster, configuration.getTable());
  }

  private static void check(String field, Runnable check) {
    inField(
        field,
        () -> {
          check.run();
          return null;
        });
  }

  private static PCollection<Row> write(PCollection<Row> rows, FlussIO.Write<Row> write) {
    return rows.apply("Write", write)
        .getAcknowledged()
        .apply(
            "Written",
            MapElements.into(TypeDescriptors.rows())
                .via(count -> Row.withSchema(WRITTEN).addValue(count).build()))
        .setRowSchema(WRITTEN);
  }

  /** Names a table by the values of a row. */
  private record Template(RowStringInterpolator interpolator)
      implements SerializableFunction<Row, String> {
    @Override
    public String apply(Row row) {
      return interpolator.interpolate(
          ValueInSingleWindow.of(
              row, BoundedWindow.TIMESTAMP_MIN_VALUE, GlobalWindow.INSTANCE, PaneInfo.NO_FIRING));
    }
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
