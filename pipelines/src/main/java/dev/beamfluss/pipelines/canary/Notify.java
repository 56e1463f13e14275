package dev.beamfluss.pipelines.canary;

import com.google.auto.value.AutoValue;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.logicaltypes.NanosInstant;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.ReadableInstant;

/**
 * Sends each row of alerts through a {@link Notifier}. The rows have {@code alert_id} and {@code
 * state}, texts, and {@code updated_at}, a time; whatever else they have is sent too, as JSON with
 * times of ISO-8601. The output is the rows that were sent.
 *
 * <p>Each is sent at least once: what the runner runs again after a failure is sent again, with the
 * same {@link Notification#idempotencyKey}, by which the receiver can drop it. The rows of an alert
 * are sent one after the other in the order in which they come from the step before: that of their
 * times where that step is keyed by {@code alert_id} too, and the input is endless.
 *
 * <p>What could not be sent, or lacks one of the three columns, goes to the error handler with the
 * reason, as JSON, and the next row is sent; without a handler it fails the job. A bundle spends no
 * more than {@link #withBundleLimit} on sending: what is left then counts as not sent. Metrics:
 * {@code alertsSent}, {@code alertsNotSent}, {@code sendMillis}.
 */
@AutoValue
public abstract class Notify extends PTransform<PCollection<Row>, PCollection<Row>> {
  private static final String ALERT_ID = "alert_id";
  private static final String STATE = "state";
  private static final String UPDATED_AT = "updated_at";
  private static final List<Schema.LogicalType<?, ?>> TIMES =
      List.of(SqlTypes.TIMESTAMP, SqlTypes.DATETIME, new NanosInstant());
  private static final TupleTag<KV<String, Row>> BY_ALERT = new TupleTag<>() {};
  private static final TupleTag<Row> SENT = new TupleTag<>() {};

  abstract Notifier notifier();

  abstract Duration bundleLimit();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setNotifier(Notifier notifier);

    abstract Builder setBundleLimit(Duration limit);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract Notify build();
  }

  /** Through this notifier. */
  public static Notify through(Notifier notifier) {
    return new AutoValue_Notify.Builder()
        .setNotifier(notifier)
        .setBundleLimit(Duration.ofMinutes(1))
        .build();
  }

  /**
   * How long a bundle may spend on sending, which is also how long a checkpoint may have to wait
   * for it: 1 minute by default.
   */
  public Notify withBundleLimit(Duration limit) {
    if (limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException(
          "withBundleLimit takes a positive duration, not " + limit + ".");
    }
    return toBuilder().setBundleLimit(limit).build();
  }

  /** Where alerts go that could not be sent. Without this they fail the job. */
  public Notify withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> alerts) {
    Schema schema = alerts.getSchema();
    requireColumns(schema);
    boolean keepBad = errorHandler() != null;
    TupleTagList bad = TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG);
    PCollectionTuple byAlert =
        alerts
            .apply("One window", Window.into(new GlobalWindows()))
            .apply("By alert", ParDo.of(new ByAlertFn(keepBad)).withOutputTags(BY_ALERT, bad));
    PCollectionTuple sent =
        byAlert
            .get(BY_ALERT)
            .setCoder(KvCoder.of(StringUtf8Coder.of(), RowCoder.of(schema)))
            .apply(
                "Send",
                ParDo.of(new SendFn(notifier(), bundleLimit(), keepBad)).withOutputTags(SENT, bad));
    PCollection<BadRecord> notSent =
        PCollectionList.of(bad(byAlert))
            .and(bad(sent))
            .apply("All that is not sent", Flatten.pCollections());
    if (errorHandler() != null) {
      errorHandler().addErrorCollection(notSent);
    }
    return sent.get(SENT).setRowSchema(schema);
  }

  private static PCollection<BadRecord> bad(PCollectionTuple outputs) {
    return outputs
        .get(BadRecordRouter.BAD_RECORD_TAG)
        .setCoder(BadRecord.getCoder(outputs.getPipeline()));
  }

  private static void requireColumns(Schema schema) {
    for (String column : List.of(ALERT_ID, STATE, UPDATED_AT)) {
      if (!schema.hasField(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Alerts need a column %s to be sent; the rows have %s. Add it.",
                column, schema.getFieldNames()));
      }
    }
    for (String column : List.of(ALERT_ID, STATE)) {
      if (schema.getField(column).getType().getTypeName() != Schema.TypeName.STRING) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s of alerts must be a STRING to be sent, not %s.",
                column, schema.getField(column).getType()));
      }
    }
    requireTime(schema.getField(UPDATED_AT).getType());
  }

  private static void requireTime(Schema.FieldType type) {
    boolean isTime = type.getTypeName() == Schema.TypeName.DATETIME;
    if (type.getTypeName() == Schema.TypeName.LOGICAL_TYPE) {
      String id = type.getLogicalType().getIdentifier();
      isTime = TIMES.stream().anyMatch(time -> time.getIdentifier().equals(id));
    }
    if (!isTime) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of alerts must be a TIMESTAMP or TIMESTAMP_LTZ to be sent, not %s.",
              UPDATED_AT, type));
    }
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("notifier", notifier().toString()))
        .add(DisplayData.item("bundleLimit", bundleLimit().toString()));
  }

  /** What both steps do with an alert that is not sent. */
  private abstract static class AlertFn<InputT, OutputT> extends DoFn<InputT, OutputT> {
    private final boolean keepBad;
    private final Counter notSent = Metrics.counter(Notify.class, "alertsNotSent");

    AlertFn(boolean keepBad) {
      this.keepBad = keepBad;
    }

    final void refuse(Row alert, Exception reason, MultiOutputReceiver out) throws Exception {
      if (!keepBad) {
        throw reason;
      }
      notSent.inc();
      String json = RowJson.of(alert);
      out.get(BadRecordRouter.BAD_RECORD_TAG)
          .output(
              BadRecord.fromExceptionInformation(
                  json, StringUtf8Coder.of(), reason, reason + " The alert: " + json));
    }
  }

  private static final class ByAlertFn extends AlertFn<Row, KV<String, Row>> {
    ByAlertFn(boolean keepBad) {
      super(keepBad);
    }

    @ProcessElement
    public void process(@Element Row alert, MultiOutputReceiver out) throws Exception {
      for (String column : List.of(ALERT_ID, STATE, UPDATED_AT)) {
        if (alert.getValue(column) == null) {
          refuse(
              alert,
              new UndeliveredException("An alert without " + column + " cannot be sent."),
              out);
          return;
        }
      }
      out.get(BY_ALERT).output(KV.of(alert.getString(ALERT_ID), alert));
    }
  }

  static final class SendFn extends AlertFn<KV<String, Row>, Row> {
    /** Never written: a step with state gets the elements of a key one after the other. */
    @StateId("order")
    private final StateSpec<ValueState<Boolean>> order = StateSpecs.value();

    private final Notifier notifier;
    private final Duration bundleLimit;
    private final Counter sent = Metrics.counter(Notify.class, "alertsSent");
    private final Distribution sendMillis = Metrics.distribution(Notify.class, "sendMillis");
    private transient Notifier.Channel channel;
    private transient long deadline;

    SendFn(Notifier notifier, Duration bundleLimit, boolean keepBad) {
      super(keepBad);
      this.notifier = notifier;
      this.bundleLimit = bundleLimit;
    }

    @Setup
    public void open() {
      channel = notifier.open();
    }

    @StartBundle
    public void start() {
      deadline = System.nanoTime() + bundleLimit.toNanos();
    }

    @ProcessElement
    public void process(@Element KV<String, Row> keyed, MultiOutputReceiver out) throws Exception {
      Row alert = keyed.getValue();
      long begin = System.nanoTime();
      try {
        send(alert, deadline - begin);
      } catch (UndeliveredException | RuntimeException e) {
        refuse(alert, e, out);
        return;
      } finally {
        sendMillis.update((System.nanoTime() - begin) / 1_000_000);
      }
      sent.inc();
      out.get(SENT).output(alert);
    }

    private void send(Row alert, long nanosLeft) throws UndeliveredException, InterruptedException {
      Notification notification = notification(alert);
      if (nanosLeft <= 0) {
        throw new UndeliveredException(
            String.format(
                "Alert %s was not sent, as others had taken the %d ms of its bundle.",
                notification.idempotencyKey(), bundleLimit.toMillis()));
      }
      channel.send(notification, Duration.ofNanos(nanosLeft));
    }

    @Teardown
    public void close() {
      if (channel != null) {
        channel.close();
      }
    }
  }

  private static Notification notification(Row alert) {
    return new Notification(
        alert.getString(ALERT_ID),
        alert.getString(STATE),
        micros(alert.getValue(UPDATED_AT)),
        RowJson.of(alert));
  }

  private static long micros(Object time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, instant(time));
  }

  private static Instant instant(Object time) {
    if (time instanceof Instant at) {
      return at;
    } else if (time instanceof LocalDateTime local) {
      return local.toInstant(ZoneOffset.UTC);
    }
    return Instant.ofEpochMilli(((ReadableInstant) time).getMillis());
  }
}
