package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.DifferenceReport;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.BigDecimalCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.Distinct;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.transforms.join.CoGbkResult;
import org.apache.beam.sdk.transforms.join.CoGroupByKey;
import org.apache.beam.sdk.transforms.join.KeyedPCollectionTuple;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The check of the day after: computes the hours of a past day again, in batch and with other
 * means, from the logs of the streams, and compares every measure of both wide tables with it.
 * Lists each difference in a line with both values.
 *
 * <p>Each event counts once by its id, for the product and shop that its details have, as an item
 * may have moved since; an event without details, and details without an event, are differences of
 * their own. No value and 0 are the same. All tables are read as the lake has them and as the log
 * goes on from there.
 *
 * <p>Ends with status 0 if there is no difference, with 1 if there are some or it failed, and with
 * 2 for a wrong flag or table.
 */
public final class ReconcileWideTable {
  private static final String VALUE_SEPARATOR = "\u001f";
  private static final KvCoder<String, BigDecimal> COUNTED =
      KvCoder.of(StringUtf8Coder.of(), BigDecimalCoder.of());
  private static final TupleTag<KV<String, BigDecimal>> AMOUNTS = new TupleTag<>() {};
  private static final TupleTag<String> VALUES = new TupleTag<>() {};
  private static final TupleTag<String> PROBLEMS = new TupleTag<>() {};

  private final ReconcileWideTableOptions options;
  private final FlussCluster cluster;
  private final String ds;

  private ReconcileWideTable(ReconcileWideTableOptions options) {
    this.options = options;
    this.cluster = ClusterOptions.cluster(options);
    this.ds = options.getDs();
  }

  /** Runs the program. */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(ReconcileWideTableOptions.class);
          ReconcileWideTableOptions options =
              PipelineOptionsFactory.fromArgs(args)
                  .withValidation()
                  .as(ReconcileWideTableOptions.class);
          DifferenceReport.check(options, options.getOutput());
          PCollection<String> lines =
              new ReconcileWideTable(options).differences(Pipeline.create(options));
          return DifferenceReport.run(lines, options.getOutput(), "on " + options.getDs(), out);
        });
  }

  private PCollection<String> differences(Pipeline pipeline) {
    PCollectionList<KV<String, BigDecimal>> amounts = PCollectionList.empty(pipeline);
    PCollectionList<String> values = PCollectionList.empty(pipeline);
    PCollectionList<String> lines = PCollectionList.empty(pipeline);
    for (BehaviorStream stream : BehaviorStream.values()) {
      PCollectionTuple measured = measure(pipeline, stream);
      amounts = amounts.and(measured.get(AMOUNTS).setCoder(COUNTED));
      values = values.and(measured.get(VALUES));
      lines = lines.and(measured.get(PROBLEMS));
    }
    PCollection<KV<String, BigDecimal>> distinct =
        values
            .apply("Values", Flatten.pCollections())
            .apply("Each once", Distinct.create())
            .apply("Count values", MapElements.via(new OneOfCell()))
            .setCoder(COUNTED);
    PCollection<KV<String, BigDecimal>> computed =
        amounts
            .and(distinct)
            .apply("Measures", Flatten.pCollections())
            .apply("Add up", Combine.perKey(new Add()))
            .setCoder(COUNTED);
    PCollectionList<KV<String, BigDecimal>> held = PCollectionList.empty(pipeline);
    for (StatGrain grain : StatGrain.values()) {
      held = held.and(held(pipeline, grain));
    }
    TupleTag<BigDecimal> computedTag = new TupleTag<>("computed");
    TupleTag<BigDecimal> heldTag = new TupleTag<>("held");
    PCollection<String> different =
        KeyedPCollectionTuple.of(computedTag, computed)
            .and(heldTag, held.apply("Held", Flatten.pCollections()))
            .apply("Beside each other", CoGroupByKey.create())
            .apply("Compare", ParDo.of(new CompareFn(computedTag, heldTag)));
    return lines.and(different).apply("All differences", Flatten.pCollections());
  }

  private PCollectionTuple measure(Pipeline pipeline, BehaviorStream stream) {
    String id = WideTableTables.eventId(stream);
    List<String> columns = new ArrayList<>(List.of(id, WideTableTables.HOUR, "user_id"));
    if (stream == BehaviorStream.ORDERS) {
      columns.addAll(List.of("order_id", "quantity", "amount"));
    }
    TupleTag<Row> events = new TupleTag<>("events");
    TupleTag<Row> details = new TupleTag<>("details");
    String name = stream.id();
    return KeyedPCollectionTuple.of(
            events,
            // an event may be in its log twice, word for word
            byId(
                name,
                read(pipeline, stream.log(), columns, true)
                    .apply("Each of " + name + " once", Distinct.create())))
        .and(
            details,
            byId(
                "detailed " + name,
                read(
                    pipeline,
                    stream.detail(),
                    List.of(id, StatGrain.PRODUCT.idColumn(), StatGrain.SHOP.idColumn()),
                    true)))
        .apply("With details of " + name, CoGroupByKey.create())
        .apply(
            "Measure " + name,
            ParDo.of(new MeasureFn(stream, ds, events, details))
                .withOutputTags(AMOUNTS, TupleTagList.of(VALUES).and(PROBLEMS)));
  }

  private PCollection<Row> read(
      Pipeline pipeline, String name, List<String> columns, boolean partitioned) {
    FlussIO.ReadContents read =
        FlussIO.readContents()
            .from(cluster, WideTable.table(options, name))
            .withColumns(columns.toArray(String[]::new));
    if (partitioned) {
      String day = ds;
      read = read.withPartitionFilter(partition -> day.equals(partition.get(WideTableTables.DATE)));
    }
    return pipeline.apply("Read " + name, options.getFromLake() ? read.withLake() : read);
  }

  private static PCollection<KV<String, Row>> byId(String name, PCollection<Row> rows) {
    return rows.apply("Key " + name, MapElements.via(new ByFirstColumn()))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), RowCoder.of(rows.getSchema())));
  }

  private PCollection<KV<String, BigDecimal>> held(Pipeline pipeline, StatGrain grain) {
    List<String> columns = new ArrayList<>(grain.key());
    for (BehaviorStream stream : BehaviorStream.values()) {
      columns.addAll(measures(stream));
    }
    return read(pipeline, grain.table(), columns, false)
        .apply("Measures of " + grain.table(), ParDo.of(new HeldFn(grain, ds)))
        .setCoder(COUNTED);
  }

  /** The columns that are compared: not the version, and not the time of the latest event. */
  private static List<String> measures(BehaviorStream stream) {
    List<String> columns = new ArrayList<>(stream.columns());
    columns.remove(stream.versionColumn());
    columns.remove(stream.timeColumn());
    return columns;
  }

  /** What a measure is called in the lines. */
  private static String measure(StatGrain grain, Object id, Object ds, Object hour, String column) {
    return String.format(
        "%s [%s=%s, %s=%s, %s=%s] %s",
        grain.table(),
        grain.idColumn(),
        id,
        WideTableTables.DATE,
        ds,
        WideTableTables.HOUR,
        hour,
        column);
  }

  /** What an event adds to each measure, and the values that count once. */
  private static final class MeasureFn
      extends DoFn<KV<String, CoGbkResult>, KV<String, BigDecimal>> {
    private final BehaviorStream stream;
    private final String ds;
    private final TupleTag<Row> events;
    private final TupleTag<Row> details;

    MeasureFn(BehaviorStream stream, String ds, TupleTag<Row> events, TupleTag<Row> details) {
      this.stream = stream;
      this.ds = ds;
      this.events = events;
      this.details = details;
    }

    @ProcessElement
    public void process(@Element KV<String, CoGbkResult> both, MultiOutputReceiver out) {
      Iterator<Row> ofId = both.getValue().getAll(events).iterator();
      @Nullable Row event = ofId.hasNext() ? ofId.next() : null;
      if (ofId.hasNext()) {
        out.get(PROBLEMS)
            .output(
                String.format(
                    "ambiguous %s of %s: has several rows that differ",
                    both.getKey(), stream.log()));
      }
      @Nullable Row detail = both.getValue().getOnly(details, null);
      if (detail == null) {
        out.get(PROBLEMS)
            .output(
                String.format(
                    "undetailed %s of %s: %s has no row for it",
                    both.getKey(), stream.log(), stream.detail()));
        return;
      }
      if (event == null) {
        out.get(PROBLEMS)
            .output(
                String.format(
                    "unlogged %s of %s: %s has no row for it",
                    both.getKey(), stream.detail(), stream.log()));
        return;
      }
      for (StatGrain grain : StatGrain.values()) {
        measure(grain, detail.getInt64(grain.idColumn()), event, out);
      }
    }

    private void measure(StatGrain grain, @Nullable Long id, Row event, MultiOutputReceiver out) {
      value(grain, id, event, stream.usersColumn(), event.getInt64("user_id"), out);
      if (stream == BehaviorStream.ORDERS) {
        Integer quantity = event.getInt32("quantity");
        if (quantity == null || quantity <= 0) {
          return;
        }
        value(grain, id, event, BehaviorStream.UNIQUE_ORDERS, event.getString("order_id"), out);
        amount(grain, id, event, BehaviorStream.GMV, event.getDecimal("amount"), out);
      }
      amount(grain, id, event, stream.countColumn(), BigDecimal.ONE, out);
    }

    private void value(
        StatGrain grain,
        @Nullable Long id,
        Row event,
        String column,
        @Nullable Object value,
        MultiOutputReceiver out) {
      out.get(VALUES).output(name(grain, id, event, column) + VALUE_SEPARATOR + value);
    }

    private void amount(
        StatGrain grain,
        @Nullable Long id,
        Row event,
        String column,
        @Nullable BigDecimal amount,
        MultiOutputReceiver out) {
      out.get(AMOUNTS)
          .output(KV.of(name(grain, id, event, column), amount == null ? BigDecimal.ZERO : amount));
    }

    private String name(StatGrain grain, @Nullable Long id, Row event, String column) {
      return ReconcileWideTable.measure(
          grain, id, ds, event.getString(WideTableTables.HOUR), column);
    }
  }

  private static final class HeldFn extends DoFn<Row, KV<String, BigDecimal>> {
    private final StatGrain grain;
    private final String ds;

    HeldFn(StatGrain grain, String ds) {
      this.grain = grain;
      this.ds = ds;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<KV<String, BigDecimal>> out) {
      if (!ds.equals(row.getString(WideTableTables.DATE))) {
        return;
      }
      for (BehaviorStream stream : BehaviorStream.values()) {
        for (String column : measures(stream)) {
          @Nullable Object value = row.getValue(column);
          if (value != null) {
            out.output(
                KV.of(
                    measure(
                        grain,
                        row.getValue(grain.idColumn()),
                        ds,
                        row.getString(WideTableTables.HOUR),
                        column),
                    value instanceof BigDecimal amount
                        ? amount
                        : BigDecimal.valueOf((Long) value)));
          }
        }
      }
    }
  }

  private static final class CompareFn extends DoFn<KV<String, CoGbkResult>, String> {
    private final TupleTag<BigDecimal> computedTag;
    private final TupleTag<BigDecimal> heldTag;

    CompareFn(TupleTag<BigDecimal> computedTag, TupleTag<BigDecimal> heldTag) {
      this.computedTag = computedTag;
      this.heldTag = heldTag;
    }

    @ProcessElement
    public void process(@Element KV<String, CoGbkResult> measure, OutputReceiver<String> out) {
      BigDecimal computed = measure.getValue().getOnly(computedTag, BigDecimal.ZERO);
      BigDecimal held = measure.getValue().getOnly(heldTag, BigDecimal.ZERO);
      if (computed.compareTo(held) != 0) {
        out.output(
            String.format(
                "different %s is %s, should be %s",
                measure.getKey(), held.toPlainString(), computed.toPlainString()));
      }
    }
  }

  private static final class ByFirstColumn extends SimpleFunction<Row, KV<String, Row>> {
    @Override
    public KV<String, Row> apply(Row row) {
      return KV.of(String.valueOf(row.<Object>getValue(0)), row);
    }
  }

  private static final class OneOfCell extends SimpleFunction<String, KV<String, BigDecimal>> {
    @Override
    public KV<String, BigDecimal> apply(String value) {
      return KV.of(value.substring(0, value.indexOf(VALUE_SEPARATOR)), BigDecimal.ONE);
    }
  }

  private static final class Add implements SerializableFunction<Iterable<BigDecimal>, BigDecimal> {
    @Override
    public BigDecimal apply(Iterable<BigDecimal> amounts) {
      BigDecimal sum = BigDecimal.ZERO;
      for (BigDecimal amount : amounts) {
        sum = sum.add(amount);
      }
      return sum;
    }
  }
}
