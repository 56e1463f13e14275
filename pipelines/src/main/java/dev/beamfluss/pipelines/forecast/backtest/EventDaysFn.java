package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.pipelines.forecast.DayCurves;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventLog;
import dev.beamfluss.pipelines.ingest.EventLogReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.Row;

/**
 * The days of an event log, by two channels: a country, and the rest. An order counts once, at its
 * first line; its amounts at their lines. What has no amount, or less, adds none.
 */
final class EventDaysFn extends DoFn<String, Row> {
  static final String REST = "the rest";

  private final String country;
  private final ZoneId zone;
  private final Counter rejected = Metrics.counter(Backtest.class, "linesRejected");

  EventDaysFn(String country, ZoneId zone) {
    this.country = country;
    this.zone = zone;
  }

  private record ChannelDay(String channel, LocalDate day) {}

  /** What came in each minute. */
  private static final class Minutes {
    private final double[] counts = new double[DayCurves.MINUTES];
    private final double[] amounts = new double[DayCurves.MINUTES];

    void sumUp() {
      for (int minute = 1; minute < DayCurves.MINUTES; minute++) {
        counts[minute] += counts[minute - 1];
        amounts[minute] += amounts[minute - 1];
      }
    }
  }

  @ProcessElement
  public void process(@Element String file, OutputReceiver<Row> out) throws IOException {
    Map<ChannelDay, Minutes> days = new HashMap<>();
    Set<String> orders = new HashSet<>();
    try (EventLogReader events = EventLog.at(Path.of(file)).open(line -> rejected.inc())) {
      while (events.hasNext()) {
        Event event = events.next();
        if (event.type() == Event.Type.ORDER) {
          add(event, orders, days);
        }
      }
    }
    // a day's rows stay together: fewer partitions are written at a time
    Map<LocalDate, Map<String, Minutes>> byDay = new TreeMap<>();
    days.forEach(
        (key, minutes) ->
            byDay
                .computeIfAbsent(key.day(), unused -> new TreeMap<>())
                .put(key.channel(), minutes));
    byDay.forEach(
        (day, channels) ->
            channels.forEach(
                (channel, minutes) -> {
                  minutes.sumUp();
                  DayRows.output(channel, day, minutes.counts, minutes.amounts, out);
                }));
  }

  private void add(Event event, Set<String> orders, Map<ChannelDay, Minutes> days) {
    ZonedDateTime time = Instant.ofEpochMilli(event.timestampMillis()).atZone(zone);
    String channel = event.country().equals(country) ? country : REST;
    Minutes minutes =
        days.computeIfAbsent(new ChannelDay(channel, time.toLocalDate()), unused -> new Minutes());
    int minute = time.getHour() * 60 + time.getMinute();
    if (orders.add(event.orderId())) {
      minutes.counts[minute]++;
    }
    double amount = event.price().doubleValue() * event.quantity();
    if (amount > 0) {
      minutes.amounts[minute] += amount;
    }
  }
}
