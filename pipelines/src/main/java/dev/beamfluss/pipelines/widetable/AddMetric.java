package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.transforms.ColumnUpsert;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.types.DecimalType;

/**
 * A further measure in a wide table while its jobs run: adds a column to the table, and one for its
 * version, by an ALTER TABLE, and is the job that keeps it. The other jobs know nothing of it.
 *
 * <pre>{@code
 * ./run widetable add-metric --stream=orders --grain=shop --sum=quantity --as=units_sold ...
 * }</pre>
 *
 * <p>It counts the details of its stream from the first that the cluster still has in its logs, so
 * past hours get the measure too. Run again, it goes on with the column that is there.
 */
public final class AddMetric {
  private static final int GREATEST_PRECISION = 38;

  private AddMetric() {}

  /**
   * Adds the column, and runs the pipeline until it is cancelled, or only submits it with {@code
   * --attachedMode=false}. A wrong flag or table ends the program with status 2, a failure with
   * status 1.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream err) {
    return Program.stream(
        err,
        () -> PipelineOptionsFactory.fromArgs(args).withValidation().as(AddMetricOptions.class),
        AddMetric::apply);
  }

  /** Adds the column to the table, and what keeps it to a pipeline. */
  public static void apply(Pipeline pipeline, AddMetricOptions options) {
    BehaviorStream stream = stream(options);
    StatGrain grain = StatGrain.of(options.getGrain());
    if (options.getSum() != null && options.getDistinct() != null) {
      throw new IllegalArgumentException("Name one measure: --sum or --distinct.");
    }
    String version = options.getAs() + "_version";
    for (BehaviorStream other : BehaviorStream.values()) {
      if (other.columns().contains(options.getAs())) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s of table %s is written by the job of %s. Name another with --as.",
                options.getAs(), grain.table(), other.id()));
      }
    }
    try (TableCreator tables = TableCreator.connect(ClusterOptions.cluster(options))) {
      Map<String, DataType> columns = new LinkedHashMap<>();
      columns.put(options.getAs(), type(tables, path(options, stream.detail()), options));
      columns.put(version, DataTypes.BIGINT());
      tables.addColumns(path(options, grain.table()), columns);
    }
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(
                ClusterOptions.cluster(options), WideTable.table(options, DeadLetters.TABLE)))) {
      PCollection<RowChange> changes =
          pipeline.apply(
              "Read detailed " + stream.id(),
              WideTable.readDetails(options, stream, columns(options, stream, grain))
                  .withErrorHandler(errors));
      WideTable.standing(stream, changes)
          .apply(
              "Keep " + options.getAs(),
              measured(options, WideTable.upsert(options, grain, errors))
                  .withVersionColumn(version));
    }
  }

  private static BehaviorStream stream(AddMetricOptions options) {
    List<String> named = options.getStream();
    if (named == null || named.size() != 1) {
      throw new IllegalArgumentException(
          "Name the one stream to measure with --stream; there are " + BehaviorStream.ids() + ".");
    }
    return BehaviorStream.of(named.get(0));
  }

  private static String[] columns(
      AddMetricOptions options, BehaviorStream stream, StatGrain grain) {
    Set<String> columns = new LinkedHashSet<>(grain.key());
    if (stream == BehaviorStream.ORDERS) {
      columns.add("quantity");
    }
    if (options.getSum() != null) {
      columns.add(options.getSum());
    }
    if (options.getDistinct() != null) {
      columns.add(options.getDistinct());
    }
    return columns.toArray(String[]::new);
  }

  private static ColumnUpsert<RowChange> measured(
      AddMetricOptions options, ColumnUpsert<RowChange> upsert) {
    if (options.getSum() != null) {
      return upsert.summing(options.getSum(), options.getAs());
    }
    return options.getDistinct() == null
        ? upsert.counting(options.getAs())
        : upsert.countingDistinct(options.getDistinct(), options.getAs());
  }

  private static TablePath path(AddMetricOptions options, String table) {
    return TablePath.of(options.getDatabasePrefix() + WideTableTables.DATABASE, table);
  }

  private static DataType type(TableCreator tables, TablePath details, AddMetricOptions options) {
    if (options.getSum() == null) {
      return DataTypes.BIGINT();
    }
    return tables.typeOf(details, options.getSum()) instanceof DecimalType decimal
        ? DataTypes.DECIMAL(GREATEST_PRECISION, decimal.getScale())
        : DataTypes.BIGINT();
  }
}
