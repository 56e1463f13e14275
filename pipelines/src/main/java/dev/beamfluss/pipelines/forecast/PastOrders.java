package dev.beamfluss.pipelines.forecast;

import dev.beamfluss.io.paimon.PaimonFilter;
import dev.beamfluss.io.paimon.PaimonIO;
import java.time.LocalDate;
import java.util.Map;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/** What the lake has of {@code order_dtm}, by channel: rows of {@link DayCurves}. */
public final class PastOrders extends PTransform<PBegin, PCollection<KV<String, Iterable<Row>>>> {
  private final Map<String, String> catalog;
  private final String table;
  private final String from;
  private final String to;

  /**
   * Reads some days.
   *
   * @param catalog the properties of the Paimon catalog
   * @param table the table, {@code database.order_dtm}
   * @param from the first day
   * @param to the last one; partitions before and after are not opened
   */
  public PastOrders(Map<String, String> catalog, String table, LocalDate from, LocalDate to) {
    this.catalog = catalog;
    this.table = table;
    this.from = DayCurves.ds(from);
    this.to = DayCurves.ds(to);
  }

  @Override
  public PCollection<KV<String, Iterable<Row>>> expand(PBegin input) {
    PCollection<Row> rows =
        input.apply(
            "Read " + ForecastTables.ORDERS,
            PaimonIO.read()
                .from(catalog, table)
                .withColumns("order_source", "ds", "mm", "order_cnt", "order_gmv")
                .withPartitionFilter(PaimonFilter.between("ds", from, to)));
    return rows.apply("By channel", WithKeys.of(new Channel()))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), RowCoder.of(rows.getSchema())))
        .apply("Group", GroupByKey.create());
  }

  private static final class Channel extends SimpleFunction<Row, String> {
    @Override
    public String apply(Row row) {
      return row.getString("order_source");
    }
  }
}
