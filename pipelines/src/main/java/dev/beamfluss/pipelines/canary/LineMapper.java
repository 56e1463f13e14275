package dev.beamfluss.pipelines.canary;

import dev.beamfluss.pipelines.mapping.RecordMapper;
import dev.beamfluss.pipelines.mapping.UnmappableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Locale;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Makes rows of the lines of a client. For one thread. */
final class LineMapper extends RecordMapper {
  private static final int EVENT_TIME = PageLogColumns.schema().indexOf(PageLogColumns.EVENT_TIME);
  private static final int CLIENT = PageLogColumns.schema().indexOf(PageLogColumns.CLIENT);
  private static final int ARGS = PageLogColumns.schema().indexOf(PageLogColumns.ARGS);
  private static final int DS = PageLogColumns.schema().indexOf(PageLogColumns.DS);

  private final ClientMapping mapping;
  private final Duration past;
  private final Duration future;
  private final Clock clock;
  private final DateTimeFormatter day;

  private final ClientArgs args = new ClientArgs();

  /**
   * Of a client.
   *
   * @param past how old an event may be
   * @param future how far ahead of the clock
   */
  LineMapper(ClientMapping mapping, Duration past, Duration future, Clock clock) {
    super(mapping.columns(), PageLogColumns.ALL.size(), mapping.args());
    this.mapping = mapping;
    this.past = past;
    this.future = future;
    this.clock = clock;
    this.day = DateTimeFormatter.ofPattern("uuuuMMdd", Locale.ROOT).withZone(mapping.zone());
  }

  /**
   * The row of a line.
   *
   * @throws UnmappableException if it has none
   */
  Row map(String line) throws UnmappableException {
    args.clear();
    Object[] values = values(line);
    values[CLIENT] = mapping.client();
    values[ARGS] = args.join();
    values[DS] = day((Instant) values[EVENT_TIME]);
    return Row.withSchema(PageLogColumns.schema()).attachValues(Arrays.asList(values.clone()));
  }

  @Override
  protected void other(String name, String value, boolean inArgs) {
    if (inArgs) {
      args.addOwn(name, value);
    } else {
      args.add(name, value);
    }
  }

  @Override
  protected void args(String text) {
    args.addOwn(text);
  }

  /** The partition, which the cluster would create for any day. */
  private String day(@Nullable Instant at) throws UnmappableException {
    if (at == null) {
      throw new UnmappableException("column event_time: it has no time of the event");
    }
    Instant now = clock.instant();
    if (at.isBefore(now.minus(past)) || at.isAfter(now.plus(future))) {
      throw new UnmappableException(
          PageLogColumns.EVENT_TIME,
          at.toString(),
          String.format(
              "is no plausible time, as it is not within %d days before and %d after %s",
              past.toDays(), future.toDays(), now));
    }
    return day.format(at);
  }
}
