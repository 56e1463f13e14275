package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.transforms.join.CoGbkResult;
import org.apache.beam.sdk.transforms.join.CoGroupByKey;
import org.apache.beam.sdk.transforms.join.KeyedPCollectionTuple;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Where the result of a past day differs from what visits and orders say: computes the day again,
 * with the join of the pipeline in its bounded form, and compares it with what the result holds.
 *
 * <p>All three are read as the lake has them and as the log goes on from there. That is the only
 * read that is right for any past day: of a day that the cluster still has, the lake alone may lack
 * what was not tiered yet; of a day that it has dropped, there is the lake alone.
 *
 * <p>Gives a row a difference: {@code computed} and {@code held}, of which one is null where the
 * row is missing or should not be there.
 */
final class PastDay extends PTransform<PBegin, PCollection<Row>> {
  static final String COMPUTED = "computed";
  static final String HELD = "held";

  private static final int PATIENCE_SECONDS = 30;

  private final AttributionOptions options;
  private final FlussCluster cluster;
  private final String ds;
  private final List<String> orderDays;

  private PastDay(AttributionOptions options) {
    this.options = options;
    this.cluster = ClusterOptions.cluster(options);
    if (options.getDs() == null) {
      throw new IllegalArgumentException("Name the day of the visits, such as --ds=20261123.");
    }
    this.ds = options.getDs();
    this.orderDays = Days.from(ds, Attribution.windowDays(options), 1);
  }

  /** The differences of the day that the options name. */
  static PastDay differences(AttributionOptions options) {
    return new PastDay(options);
  }

  /**
   * Writes the differences into the result: rows that are missing or wrong, and deletes of those
   * that should not be there.
   */
  static PTransform<PBegin, PDone> rewritten(AttributionOptions options) {
    return new Rewritten(new PastDay(options));
  }

  @Override
  public PCollection<Row> expand(PBegin input) {
    PCollection<Row> computed =
        PCollectionList.of(
                read(
                    input,
                    AttributionTables.VISITS,
                    List.of(ds),
                    List.of("user_id", "ds", "first_page_time", "pv")))
            .and(
                read(
                    input,
                    AttributionTables.ORDERS,
                    orderDays,
                    List.of("user_id", "ds", "order_id", "order_time", "pay_amt")))
            .apply("Join", Attribution.join(options).bounded());
    Schema schema = computed.getSchema();
    PCollection<Row> held =
        read(input, Attribution.results(options), List.of(ds), schema.getFieldNames());
    Schema key = key(schema);
    TupleTag<Row> computedTag = new TupleTag<>(COMPUTED);
    TupleTag<Row> heldTag = new TupleTag<>(HELD);
    Schema difference =
        Schema.builder()
            .addNullableField(COMPUTED, FieldType.row(schema))
            .addNullableField(HELD, FieldType.row(schema))
            .build();
    return KeyedPCollectionTuple.of(computedTag, keyed("computed", computed, key, schema))
        .and(heldTag, keyed("held", held, key, schema))
        .apply("Group", CoGroupByKey.create())
        .apply("Compare", ParDo.of(new CompareFn(computedTag, heldTag, difference)))
        .setRowSchema(difference);
  }

  private Schema key(Schema schema) {
    return Schema.builder()
        .addFields(
            cluster
                .describe(Attribution.table(options, Attribution.results(options)))
                .primaryKey()
                .stream()
                .map(column -> schema.getField(column).withNullable(false))
                .toList())
        .build();
  }

  private PCollection<Row> read(
      PBegin input, String table, List<String> days, List<String> columns) {
    List<String> wanted = new ArrayList<>(days);
    FlussIO.ReadContents read =
        FlussIO.readContents()
            .from(cluster, Attribution.table(options, table))
            .withColumns(columns.toArray(String[]::new))
            .withPartitionFilter(values -> wanted.contains(values.get("ds")));
    return input.apply("Read " + table, options.getFromLake() ? read.withLake() : read);
  }

  private static PCollection<KV<Row, Row>> keyed(
      String name, PCollection<Row> rows, Schema key, Schema schema) {
    return rows.apply("Key " + name, MapElements.via(new ByKey(key, schema)))
        .setCoder(KvCoder.of(RowCoder.of(key), RowCoder.of(schema)));
  }

  private static final class ByKey extends SimpleFunction<Row, KV<Row, Row>> {
    private final Schema key;
    private final Schema schema;

    ByKey(Schema key, Schema schema) {
      this.key = key;
      this.schema = schema;
    }

    @Override
    public KV<Row, Row> apply(Row row) {
      List<Object> values = new ArrayList<>();
      key.getFieldNames().forEach(column -> values.add(row.getValue(column)));
      return KV.of(
          Row.withSchema(key).attachValues(values),
          Row.withSchema(schema).attachValues(new ArrayList<>(row.getValues())));
    }
  }

  private static final class CompareFn extends DoFn<KV<Row, CoGbkResult>, Row> {
    private final TupleTag<Row> computedTag;
    private final TupleTag<Row> heldTag;
    private final Schema difference;

    CompareFn(TupleTag<Row> computedTag, TupleTag<Row> heldTag, Schema difference) {
      this.computedTag = computedTag;
      this.heldTag = heldTag;
      this.difference = difference;
    }

    @ProcessElement
    public void process(@Element KV<Row, CoGbkResult> group, OutputReceiver<Row> out) {
      @Nullable Row computed = group.getValue().getOnly(computedTag, null);
      @Nullable Row held = group.getValue().getOnly(heldTag, null);
      boolean same =
          computed != null && held != null && computed.getValues().equals(held.getValues());
      if (!same) {
        out.output(Row.withSchema(difference).addValues(computed, held).build());
      }
    }
  }

  private static final class Rewritten extends PTransform<PBegin, PDone> {
    private final PastDay day;

    Rewritten(PastDay day) {
      this.day = day;
    }

    @Override
    public PDone expand(PBegin input) {
      PCollection<Row> differences = input.apply("Find differences", day);
      String results = Attribution.table(day.options, Attribution.results(day.options));
      day.requireWritable(results);
      Schema schema = differences.getSchema().getField(COMPUTED).getType().getRowSchema();
      var unused =
          differences
              .apply("To changes", MapElements.via(new ToChange()))
              .setCoder(RowChange.coder(schema))
              .apply("Write", FlussIO.writeChanges().to(day.cluster, results));
      return PDone.in(input.getPipeline());
    }
  }

  private static final class ToChange extends SimpleFunction<Row, RowChange> {
    @Override
    public RowChange apply(Row difference) {
      @Nullable Row computed = difference.getRow(COMPUTED);
      return computed == null
          ? RowChange.delete(difference.getRow(HELD))
          : RowChange.upsert(computed);
    }
  }

  /**
   * A write into a partition that was dropped would make it anew, beside what the lake has of it,
   * until the cluster drops it again.
   */
  private void requireWritable(String results) {
    String visits = Attribution.table(options, AttributionTables.VISITS);
    if (!isInCluster(results) && !isInCluster(visits)) {
      throw new IllegalArgumentException(
          String.format(
              "The Fluss cluster at %s has no partition %s of %s and %s: there never was one, or"
                  + " its time is up. The result of a day that is in the lake alone cannot be"
                  + " written any more; reconcile compares it.",
              cluster.bootstrapServers(), ds, results, visits));
    }
  }

  @SuppressWarnings(
      "try") // Connection.close() may throw InterruptedException, which ends the program
  private boolean isInCluster(String table) {
    Configuration configuration = new Configuration();
    cluster.resolvedProperties().forEach(configuration::setString);
    configuration.setString("bootstrap.servers", cluster.bootstrapServers());
    String[] path = table.split("\\.", 2);
    try (Connection connection = ConnectionFactory.createConnection(configuration);
        Admin admin = connection.getAdmin()) {
      return admin
          .listPartitionInfos(TablePath.of(path[0], path[1]))
          .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
          .stream()
          .anyMatch(partition -> partition.getPartitionName().equals(ds));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while listing the partitions of " + table, e);
    } catch (ExecutionException | TimeoutException e) {
      throw notListed(table, e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw notListed(table, e);
    }
  }

  private IllegalStateException notListed(String table, Exception e) {
    return new IllegalStateException(
        String.format(
            "The partitions of table %s on %s could not be listed.",
            table, cluster.bootstrapServers()),
        e);
  }
}
