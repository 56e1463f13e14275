package dev.beamfluss.pipelines.canary;

import com.google.auto.value.AutoValue;
import dev.beamfluss.pipelines.mapping.UnmappableException;
import java.time.Clock;
import java.time.Duration;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Makes rows of the page log ({@link PageLogColumns#schema}) of the log lines of a client, each a
 * JSON object, as its {@link ClientMapping} says. Lines of blanks are skipped.
 *
 * <p>What no column takes is kept in the column {@code args} as {@code key=value,key=value}, sorted
 * by key: {@code KEYVALUE(args, ',', '=', 'release_type')} finds it. Keys of nested fields have
 * dots, {@code items.0.price}; nulls, empty objects and empty arrays are left out. The fields of
 * the client's own args come without the name of the args; where a field outside has the same key
 * and another value, it gets {@code #2} behind its own. In keys and values '%', ',', '=' and line
 * breaks are percent-encoded ({@code %25 %2C %3D %0A %0D}), once: who decodes a value has what the
 * client sent.
 *
 * <p>A line that is no row goes to the error handler with client, column, value, reason and the
 * line: one that is no JSON object, has a name twice in an object, more than 100 levels, a number
 * of more than 400 characters or too great for a DOUBLE (1e400), no event time, or a value that is
 * not of its column's type. Likewise an event of a time that is not plausible, as the cluster would
 * create a partition for it. Metrics: {@code linesMapped}, {@code linesRefused}. The same line
 * gives the same row whenever it is read, but for what is plausible.
 */
@AutoValue
public abstract class MapClientLines extends PTransform<PCollection<String>, PCollection<Row>> {
  private static final TupleTag<Row> ROWS = new TupleTag<>() {};

  abstract ClientMapping mapping();

  abstract Duration past();

  abstract Duration future();

  abstract Clock clock();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setMapping(ClientMapping mapping);

    abstract Builder setPast(Duration past);

    abstract Builder setFuture(Duration future);

    abstract Builder setClock(Clock clock);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract MapClientLines build();
  }

  /** Of the lines of a client. */
  public static MapClientLines of(ClientMapping mapping) {
    return new AutoValue_MapClientLines.Builder()
        .setMapping(mapping)
        .setPast(Duration.ofDays(CanaryIngestOptions.PAST_DAYS))
        .setFuture(Duration.ofDays(CanaryIngestOptions.FUTURE_DAYS))
        .setClock(Clock.systemUTC())
        .build();
  }

  /**
   * Which times of events are plausible, before and after the worker's clock: 400 days and 1 day by
   * default.
   */
  public MapClientLines withPlausibleTimes(Duration past, Duration future) {
    if (past.isNegative() || future.isNegative()) {
      throw new IllegalArgumentException(
          String.format(
              "withPlausibleTimes takes zero or positive durations, not %s and %s", past, future));
    }
    return toBuilder().setPast(past).setFuture(future).build();
  }

  /** For tests: what time it is. */
  MapClientLines withClock(Clock clock) {
    return toBuilder().setClock(clock).build();
  }

  /** Where lines go that are no rows. Without this they fail the job. */
  public MapClientLines withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  @Override
  public PCollection<Row> expand(PCollection<String> lines) {
    PCollectionTuple mapped =
        lines.apply(
            "Map",
            ParDo.of(new MapFn(mapping(), past(), future(), clock(), errorHandler() != null))
                .withOutputTags(ROWS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        mapped
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(lines.getPipeline()));
    if (errorHandler() != null) {
      errorHandler().addErrorCollection(bad);
    }
    return mapped.get(ROWS).setRowSchema(PageLogColumns.schema());
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("client", mapping().client()))
        .add(DisplayData.item("plausiblePast", past().toString()))
        .add(DisplayData.item("plausibleFuture", future().toString()));
  }

  static final class MapFn extends DoFn<String, Row> {
    private static final int SHOWN = 200;
    private static final int KEPT = 100_000;

    private final ClientMapping mapping;
    private final Duration past;
    private final Duration future;
    private final Clock clock;
    private final boolean keepBad;
    private final Counter mapped = Metrics.counter(MapClientLines.class, "linesMapped");
    private final Counter refused = Metrics.counter(MapClientLines.class, "linesRefused");
    private transient LineMapper mapper;

    MapFn(ClientMapping mapping, Duration past, Duration future, Clock clock, boolean keepBad) {
      this.mapping = mapping;
      this.past = past;
      this.future = future;
      this.clock = clock;
      this.keepBad = keepBad;
    }

    @Setup
    public void setUp() {
      mapper = new LineMapper(mapping, past, future, clock);
    }

    @ProcessElement
    public void process(@Element String line, MultiOutputReceiver out) throws Exception {
      if (line.isBlank()) {
        return;
      }
      Row row;
      try {
        row = mapper.map(line);
      } catch (UnmappableException e) {
        refuse(line, e.getMessage(), out);
        return;
      }
      mapped.inc();
      out.get(ROWS).output(row);
    }

    private void refuse(String line, String reason, MultiOutputReceiver out) throws Exception {
      Exception whole = new UnmappableException(told(line, reason, KEPT));
      if (!keepBad) {
        throw whole;
      }
      refused.inc();
      out.get(BadRecordRouter.BAD_RECORD_TAG)
          .output(
              BadRecord.fromExceptionInformation(
                  line, StringUtf8Coder.of(), whole, told(line, reason, SHOWN)));
    }

    private String told(String line, String reason, int length) {
      return String.format(
          "A line of client %s is no row of the page log, %s. The line: %s",
          mapping.client(), reason, UnmappableException.abbreviate(line, length));
    }
  }
}
