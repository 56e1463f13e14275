package dev.beamfluss.transforms;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.MapState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what the minutes of a day of a source had, and gives their totals: when a minute is over,
 * and a while after a row came.
 *
 * <p>Rows wait in a bag, so that the totals are read and written once for all that came meanwhile.
 */
final class MinuteTotalsFn extends DoFn<KV<KV<String, String>, Row>, Row> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(MinuteTotalsFn.class);

  private static final String TOTALS = "totals";
  private static final String ARRIVED = "arrived";
  private static final String FIRST_MINUTES = "firstMinutes";
  private static final String UPDATE = "update";
  private static final String MINUTE_OVER = "minuteOver";
  private static final String EXPIRE = "expire";

  @StateId(TOTALS)
  private final StateSpec<ValueState<DayTotals>> totalsSpec = StateSpecs.value(DayTotals.CODER);

  /** None while no update timer is set. */
  @StateId(ARRIVED)
  private final StateSpec<BagState<Row>> arrivedSpec = StateSpecs.bag(RowCoder.of(PlaceFn.ARRIVED));

  /** Of what is counted once, the earliest minute that has it. */
  @StateId(FIRST_MINUTES)
  private final StateSpec<MapState<String, Integer>> firstMinutesSpec =
      StateSpecs.map(StringUtf8Coder.of(), VarIntCoder.of());

  @TimerId(UPDATE)
  private final TimerSpec updateSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  /** Each sets the next, until the day is over. */
  @TimerId(MINUTE_OVER)
  private final TimerSpec minuteOverSpec = TimerSpecs.timer(TimeDomain.EVENT_TIME);

  @TimerId(EXPIRE)
  private final TimerSpec expireSpec = TimerSpecs.timer(TimeDomain.EVENT_TIME);

  private final LocalMinutes minutes;
  private final Schema schema;
  private final boolean summing;
  private final Duration lateness;
  private final Duration interval;
  private final boolean keepBad;

  private final Counter tooLate = Metrics.counter(MinuteTotals.class, "rowsTooLate");
  private final Counter given = Metrics.counter(MinuteTotals.class, "totalsGiven");
  private final Counter givenAgain = Metrics.counter(MinuteTotals.class, "totalsGivenAgain");

  /** By day, source and minute: only the last of a bundle. */
  private transient Map<List<Object>, Row> due;

  private transient List<BadRecord> bad;

  MinuteTotalsFn(MinuteTotals totals) {
    this.minutes = new LocalMinutes(totals.zone());
    this.schema = totals.schema();
    this.summing = totals.sum() != null;
    this.lateness = totals.allowedLateness();
    this.interval = totals.updateInterval();
    this.keepBad = totals.errorHandler() != null;
  }

  @StartBundle
  public void startBundle() {
    due = new LinkedHashMap<>();
    bad = new ArrayList<>();
  }

  @ProcessElement
  public void process(
      @Element KV<KV<String, String>, Row> element,
      @StateId(TOTALS) ValueState<DayTotals> totals,
      @StateId(ARRIVED) BagState<Row> arrived,
      @TimerId(UPDATE) Timer update,
      @TimerId(MINUTE_OVER) Timer minuteOver,
      @TimerId(EXPIRE) Timer expire)
      throws Exception {
    LocalDate day = LocalMinutes.day(element.getKey().getKey());
    Instant expiry = expiry(day);
    if (!expire.getCurrentRelativeTime().isBefore(expiry)) {
      refuse(element.getKey().getValue(), day, element.getValue());
      return;
    }
    boolean first = Boolean.TRUE.equals(arrived.isEmpty().read());
    arrived.add(element.getValue());
    if (!first) {
      return;
    }
    update.offset(org.joda.time.Duration.millis(interval.toMillis())).setRelative();
    if (totals.read() == null) {
      minuteOver.set(Instant.ofEpochMilli(minutes.end(day, 0)));
      expire.set(expiry);
    }
  }

  private Instant expiry(LocalDate day) {
    Instant last = GlobalWindow.INSTANCE.maxTimestamp();
    long end = minutes.end(day, LocalMinutes.A_DAY - 1);
    long millis = lateness.toMillis();
    return end > last.getMillis() - millis ? last : Instant.ofEpochMilli(end + millis);
  }

  @OnTimer(UPDATE)
  public void update(
      @Key KV<String, String> key,
      @StateId(TOTALS) ValueState<DayTotals> totals,
      @StateId(ARRIVED) BagState<Row> arrived,
      @StateId(FIRST_MINUTES) MapState<String, Integer> firstMinutes) {
    Day day = new Day(key, totals, arrived, firstMinutes);
    DayTotals sums = day.takeArrived();
    if (sums != null) {
      totals.write(sums);
    }
  }

  @OnTimer(MINUTE_OVER)
  public void minuteOver(
      @Key KV<String, String> key,
      @StateId(TOTALS) ValueState<DayTotals> totals,
      @StateId(ARRIVED) BagState<Row> arrived,
      @StateId(FIRST_MINUTES) MapState<String, Integer> firstMinutes,
      @TimerId(MINUTE_OVER) Timer minuteOver) {
    Day day = new Day(key, totals, arrived, firstMinutes);
    DayTotals sums = day.takeArrived();
    if (sums == null) {
      return;
    }
    day.tellWhatIsOver(sums, minuteOver.getCurrentRelativeTime());
    totals.write(sums);
    if (sums.told() < LocalMinutes.A_DAY - 1) {
      minuteOver.set(Instant.ofEpochMilli(minutes.end(day.date, sums.told() + 1)));
    }
  }

  @OnTimer(EXPIRE)
  public void expire(
      @Key KV<String, String> key,
      @StateId(TOTALS) ValueState<DayTotals> totals,
      @StateId(ARRIVED) BagState<Row> arrived,
      @StateId(FIRST_MINUTES) MapState<String, Integer> firstMinutes,
      @TimerId(EXPIRE) Timer expire) {
    Day day = new Day(key, totals, arrived, firstMinutes);
    DayTotals sums = day.takeArrived();
    if (sums != null) {
      day.tellWhatIsOver(sums, expire.getCurrentRelativeTime());
    }
    totals.clear();
    firstMinutes.clear();
  }

  /** Of a source, with its state. */
  private final class Day {
    private final String source;
    private final LocalDate date;
    private final ValueState<DayTotals> totals;
    private final BagState<Row> arrived;
    private final MapState<String, Integer> firstMinutes;

    Day(
        KV<String, String> key,
        ValueState<DayTotals> totals,
        BagState<Row> arrived,
        MapState<String, Integer> firstMinutes) {
      this.source = key.getValue();
      this.date = LocalMinutes.day(key.getKey());
      this.totals = totals;
      this.arrived = arrived;
      this.firstMinutes = firstMinutes;
    }

    /**
     * Adds what came up, and tells what it changes of what was told, and the running minute.
     *
     * @return a copy of the totals, or null if there are none
     */
    @Nullable DayTotals takeArrived() {
      DayTotals before = totals.read();
      List<Row> rows = new ArrayList<>();
      arrived.read().forEach(rows::add);
      if (rows.isEmpty()) {
        return before == null ? null : before.copy();
      }
      arrived.clear();
      DayTotals sums = before == null ? new DayTotals() : before.copy();
      int first = LocalMinutes.A_DAY;
      int last = 0;
      for (Row row : rows) {
        int minute = add(sums, row);
        first = Math.min(first, minute);
        last = Math.max(last, minute);
      }
      givenAgain.inc(Math.max(0, sums.told() - first + 1));
      tell(sums, first, sums.told());
      tellRunning(sums, last);
      // not the same where somebody's clock is fast
      tellRunning(sums, sums.latest());
      return sums;
    }

    private void tellRunning(DayTotals sums, int minute) {
      if (minute > sums.told()) {
        tell(sums, minute, minute);
      }
    }

    /** The earliest minute that a row changes. */
    private int add(DayTotals sums, Row row) {
      int minute = row.getInt32(0);
      String id = row.getString(1);
      BigDecimal amount = row.getDecimal(2);
      sums.add(minute, amount == null ? BigDecimal.ZERO : amount);
      Integer before = id == null ? null : firstMinutes.get(id).read();
      if (before == null || before > minute) {
        sums.count(minute, 1);
        if (before != null) {
          sums.count(before, -1);
        }
        if (id != null) {
          firstMinutes.put(id, minute);
        }
      }
      return minute;
    }

    void tellWhatIsOver(DayTotals sums, Instant watermark) {
      int over = sums.told();
      while (over < LocalMinutes.A_DAY - 1
          && minutes.end(date, over + 1) <= watermark.getMillis()) {
        over++;
      }
      tell(sums, sums.told() + 1, over);
      sums.tellTo(over);
    }

    private void tell(DayTotals sums, int from, int to) {
      if (from > to) {
        return;
      }
      String name = LocalMinutes.name(date);
      sums.forEach(
          from,
          to,
          (minute, rows, count, amount) -> {
            List<Object> values = new ArrayList<>(schema.getFieldCount());
            values.add(name);
            values.add(LocalMinutes.name(minute));
            values.add(source);
            values.add(count);
            if (summing) {
              values.add(amount);
            }
            values.add(rows);
            due.put(List.of(name, source, minute), Row.withSchema(schema).attachValues(values));
          });
    }
  }

  private void refuse(String source, LocalDate day, Row row) throws Exception {
    tooLate.inc();
    String message =
        String.format(
            "A row of source '%s' at %s of day %s, with %s, came more than %s after the end of the"
                + " day, when its totals were gone. Give a longer withAllowedLateness(..), or compute"
                + " the day again.",
            source,
            LocalMinutes.name(row.getInt32(0)),
            LocalMinutes.name(day),
            row.getValues().subList(1, row.getFieldCount()),
            lateness);
    if (!keepBad) {
      LOG.warn(message);
      return;
    }
    bad.add(
        BadRecord.fromExceptionInformation(
            row, RowCoder.of(PlaceFn.ARRIVED), new IllegalArgumentException(message), message));
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    Instant time = GlobalWindow.INSTANCE.maxTimestamp();
    due.values()
        .forEach(row -> context.output(MinuteTotals.TOTALS, row, time, GlobalWindow.INSTANCE));
    given.inc(due.size());
    for (BadRecord record : bad) {
      context.output(BadRecordRouter.BAD_RECORD_TAG, record, time, GlobalWindow.INSTANCE);
    }
  }
}
