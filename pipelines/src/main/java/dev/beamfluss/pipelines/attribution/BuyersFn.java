package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.transforms.TimeOrder;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/**
 * Computes days of users again: looks up the visit, the orders and what the table of buyers has,
 * and writes the difference. As in a {@link dev.beamfluss.transforms.DeltaJoin}, this is one step
 * keyed by user, stateful only to be keyed, and waits for the acknowledgement: so a later
 * computation is never overtaken by an earlier one. A day that cannot be computed keeps the row it
 * has, and is put out as a bad record.
 */
final class BuyersFn extends DoFn<KV<Integer, Row>, Long> {
  static final TupleTag<Long> ACKNOWLEDGED = new TupleTag<>() {};

  private static final int MAX_IN_FLIGHT = 5_000;
  private static final Schema BUYER_KEY =
      Schema.builder()
          .addFields(Conversions.USER_DAY.getFields())
          .addInt32Field("window_days")
          .build();
  private static final Schema JOINED =
      Schema.builder()
          .addNullableStringField("first_page_time")
          .addNullableStringField("order_time")
          .build();

  @StateId("none")
  @SuppressWarnings("unused") // its being declared is what makes the step keyed
  private final StateSpec<ValueState<Boolean>> none = StateSpecs.value();

  private final FlussTable visitTable;
  private final FlussTable orderTable;
  private final FlussTable buyerTable;
  private final int windowDays;
  private final TimeOrder isMatched;
  private final Counter refused = Metrics.counter(Conversions.class, "userDaysRefused");
  private final Counter computed = Metrics.counter(Conversions.class, "userDaysComputed");

  private transient TableLookup visits;
  private transient TableLookup orders;
  private transient TableLookup buyers;
  private transient TableWriter writer;
  private transient Set<Row> round;
  private transient long acknowledged;
  private transient List<BadRecord> bad;

  BuyersFn(
      FlussTable visits,
      FlussTable orders,
      FlussTable buyers,
      int windowDays,
      TimeOrder isMatched) {
    this.isMatched = isMatched;
    this.visitTable = visits;
    this.orderTable = orders;
    this.buyerTable = buyers;
    this.windowDays = windowDays;
  }

  private record Answers(
      Row userDay,
      TableLookup.Pending visit,
      List<TableLookup.Pending> orders,
      TableLookup.Pending buyer) {}

  @Setup
  public void setup() {
    List<String> userDay = Conversions.USER_DAY.getFieldNames();
    visits =
        TableLookup.open(visitTable, userDay, Conversions.USER_DAY, List.of("first_page_time"));
    orders =
        TableLookup.open(
            orderTable, userDay, Conversions.USER_DAY, List.of("order_time", "pay_amt"));
    buyers =
        TableLookup.open(
            buyerTable, BUYER_KEY.getFieldNames(), BUYER_KEY, buyerTable.schema().getFieldNames());
    writer = TableWriter.open(buyerTable, buyerTable.schema());
  }

  @StartBundle
  public void startBundle() {
    round = new LinkedHashSet<>();
    acknowledged = 0;
    bad = new ArrayList<>();
  }

  @ProcessElement
  public void process(@Element KV<Integer, Row> userDay) throws Exception {
    round.add(userDay.getValue());
    if (round.size() >= MAX_IN_FLIGHT) {
      compute();
    }
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) throws Exception {
    compute();
    Instant time = GlobalWindow.INSTANCE.maxTimestamp();
    if (acknowledged > 0) {
      context.output(ACKNOWLEDGED, acknowledged, time, GlobalWindow.INSTANCE);
    }
    for (BadRecord record : bad) {
      context.output(BadRecordRouter.BAD_RECORD_TAG, record, time, GlobalWindow.INSTANCE);
    }
  }

  private void compute() throws Exception {
    List<Answers> asked = round.stream().map(this::ask).toList();
    for (Answers answers : asked) {
      List<Row> visit = answers.visit().rows();
      List<Row> found = new ArrayList<>();
      answers.orders().forEach(orders -> found.addAll(orders.rows()));
      List<Row> held = answers.buyer().rows();
      @Nullable Row wanted;
      try {
        wanted = visit.isEmpty() ? null : buyer(answers.userDay(), visit.get(0), found);
      } catch (IllegalArgumentException e) {
        refuse(answers.userDay(), e);
        continue;
      }
      if (wanted == null) {
        held.forEach(writer::delete);
      } else if (held.isEmpty() || !held.get(0).getValues().equals(wanted.getValues())) {
        writer.upsert(wanted);
      }
    }
    acknowledged += writer.flush();
    computed.inc(asked.size());
    round.clear();
  }

  private void refuse(Row userDay, IllegalArgumentException reason) throws Exception {
    refused.inc();
    bad.add(
        BadRecord.fromExceptionInformation(
            userDay,
            RowCoder.of(Conversions.USER_DAY),
            reason,
            String.format(
                "Day %s of table %s cannot be computed: %s",
                userDay.getValues(), buyerTable.path(), reason.getMessage())));
  }

  private Answers ask(Row userDay) {
    String user = userDay.getString("user_id");
    String ds = userDay.getString("ds");
    List<TableLookup.Pending> ofDays = new ArrayList<>(windowDays);
    for (String day : Days.from(ds, windowDays, 1)) {
      ofDays.add(orders.ask(Row.withSchema(Conversions.USER_DAY).addValues(user, day).build()));
    }
    Row buyerKey = Row.withSchema(BUYER_KEY).addValues(user, ds, windowDays).build();
    return new Answers(userDay, visits.ask(userDay), ofDays, buyers.ask(buyerKey));
  }

  private @Nullable Row buyer(Row userDay, Row visit, List<Row> found) {
    long matched = 0;
    long unreadable = 0;
    BigDecimal gmv = BigDecimal.ZERO.setScale(PayAmount.SCALE);
    for (Row order : found) {
      Row joined =
          Row.withSchema(JOINED)
              .addValues(visit.getString("first_page_time"), order.getString("order_time"))
              .build();
      if (isMatched.apply(joined)) {
        matched++;
        @Nullable BigDecimal amount = PayAmount.of(order.getString("pay_amt"));
        if (amount == null) {
          unreadable++;
        } else {
          gmv = gmv.add(amount);
        }
      }
    }
    return matched == 0
        ? null
        : Row.withSchema(buyerTable.schema())
            .withFieldValue("user_id", userDay.getString("user_id"))
            .withFieldValue("ds", userDay.getString("ds"))
            .withFieldValue("window_days", windowDays)
            .withFieldValue("orders", matched)
            .withFieldValue("gmv", gmv)
            .withFieldValue("unreadable_amts", unreadable)
            .build();
  }

  @Teardown
  public void teardown() {
    List<AutoCloseable> open = new ArrayList<>();
    open.add(visits);
    open.add(orders);
    open.add(buyers);
    open.add(writer);
    for (AutoCloseable closeable : open) {
      if (closeable != null) {
        try {
          closeable.close();
        } catch (Exception e) {
          throw new IllegalStateException("Could not close a table of the conversions", e);
        }
      }
    }
  }
}
