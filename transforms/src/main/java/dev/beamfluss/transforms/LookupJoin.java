package dev.beamfluss.transforms;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.ListCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Adds to each row the columns of what a table holds for it now: what Flink SQL calls a lookup
 * join, at processing time. The table is any that a lookup finds rows in.
 *
 * <pre>{@code
 * orders
 *     .apply(LookupJoin.left(
 *         FlussIO.lookup().in(cluster, "dim.users").by("user_id").withColumns("level")))
 *     .apply(LookupJoin.inner(
 *         PaimonIO.lookupLatest().from(catalog, "dim.shops").by("shop_id").withColumns("city"))
 *       .withPrefix("shop_"));
 * }</pre>
 *
 * <p>A row comes out once for each row that is found. One for which none is found is a miss: an
 * inner join leaves it out, a left join gives it with nulls; {@code lookupJoinMisses} counts both,
 * {@code lookupJoinMatches} the others.
 *
 * <p>Unlike a {@link DeltaJoin}, it looks once: what changes in the table later changes nothing of
 * what has come out, and a replayed row may find what is newer. How fresh an answer is says the
 * lookup.
 */
public final class LookupJoin extends PTransform<PCollection<Row>, PCollection<Row>> {
  private final PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> lookup;
  private final boolean keepsMisses;
  private final String prefix;

  private LookupJoin(
      PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> lookup,
      boolean keepsMisses,
      String prefix) {
    this.lookup = lookup;
    this.keepsMisses = keepsMisses;
    this.prefix = prefix;
  }

  /** A join that leaves out rows for which nothing is found. */
  public static LookupJoin inner(
      PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> lookup) {
    return new LookupJoin(lookup, false, "");
  }

  /** A join that gives rows for which nothing is found with nulls. */
  public static LookupJoin left(
      PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> lookup) {
    return new LookupJoin(lookup, true, "");
  }

  /** What goes before the names of the columns that are found: nothing by default. */
  public LookupJoin withPrefix(String prefix) {
    return new LookupJoin(lookup, keepsMisses, prefix);
  }

  /**
   * The columns of the input, then those that are found; in a left join, these may be null.
   *
   * @throws IllegalArgumentException if both have a column of one name
   */
  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    PCollection<KV<Row, List<Row>>> found = input.apply("Look up", lookup);
    Schema added = schemaOfFound(found.getCoder());
    Schema.Builder fields = Schema.builder().addFields(input.getSchema().getFields());
    Set<String> names = new LinkedHashSet<>(input.getSchema().getFieldNames());
    for (Schema.Field field : added.getFields()) {
      String name = prefix + field.getName();
      if (!names.add(name)) {
        throw new IllegalArgumentException(
            String.format(
                "The input and what is found both have a column %s. Leave it out of the lookup's"
                    + " withColumns(..), or give what is found another name with withPrefix(..).",
                name));
      }
      fields.addField((keepsMisses ? field.withNullable(true) : field).withName(name));
    }
    Schema joined = fields.build();
    return found
        .apply("Join", ParDo.of(new JoinFn(joined, added.getFieldCount(), keepsMisses)))
        .setRowSchema(joined);
  }

  private static Schema schemaOfFound(Coder<KV<Row, List<Row>>> coder) {
    if (coder instanceof KvCoder<?, ?> kv
        && kv.getValueCoder() instanceof ListCoder<?> list
        && list.getElemCoder() instanceof RowCoder rows) {
      return rows.getSchema();
    }
    throw new IllegalArgumentException(
        "The lookup of a LookupJoin must give rows with the list of rows that they find, with the"
            + " coder KvCoder.of(.., ListCoder.of(RowCoder.of(schema))), not "
            + coder);
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("joinType", keepsMisses ? "LEFT" : "INNER"))
        .addIfNotDefault(DisplayData.item("prefix", prefix), "")
        .include("lookup", lookup);
  }

  private static final class JoinFn extends DoFn<KV<Row, List<Row>>, Row> {
    private final Schema joined;
    private final int added;
    private final boolean keepsMisses;
    private final Counter matches = Metrics.counter(LookupJoin.class, "lookupJoinMatches");
    private final Counter misses = Metrics.counter(LookupJoin.class, "lookupJoinMisses");

    JoinFn(Schema joined, int added, boolean keepsMisses) {
      this.joined = joined;
      this.added = added;
      this.keepsMisses = keepsMisses;
    }

    @ProcessElement
    public void process(@Element KV<Row, List<Row>> element, OutputReceiver<Row> out) {
      List<Row> found = element.getValue();
      if (found.isEmpty()) {
        misses.inc();
        if (keepsMisses) {
          out.output(join(element.getKey(), Collections.nCopies(added, null)));
        }
        return;
      }
      matches.inc();
      for (Row row : found) {
        out.output(join(element.getKey(), row.getValues()));
      }
    }

    private Row join(Row row, List<? extends @Nullable Object> values) {
      List<@Nullable Object> all = new ArrayList<>(joined.getFieldCount());
      all.addAll(row.getValues());
      all.addAll(values);
      return Row.withSchema(joined).attachValues(all);
    }
  }
}
