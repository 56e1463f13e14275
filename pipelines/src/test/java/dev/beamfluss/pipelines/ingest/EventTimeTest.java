package dev.beamfluss.pipelines.ingest;

import static dev.beamfluss.pipelines.ingest.Events.millis;
import static dev.beamfluss.pipelines.ingest.Events.view;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventTimeTest {

  private static final LocalDate LAST = LocalDate.of(2011, 12, 9);
  private final EventTime utc = EventTime.in(ZoneOffset.UTC);
  private final List<Event> log =
      List.of(
          view("2011-12-06T23:59:59.999", "a"),
          view("2011-12-07T00:00:00", "b"),
          view("2011-12-09T23:59:59.999", "c"),
          view("2011-12-08T12:00:00", "d"));

  @Test
  void timesHaveFixedWidthInTheZone() {
    EventTime shanghai = EventTime.in(ZoneId.of("Asia/Shanghai"));
    long at = millis("2026-01-01T16:00:00.007");

    assertThat(utc.format(at), equalTo("2026-01-01 16:00:00.007"));
    assertThat(utc.ds(at), equalTo("20260101"));
    assertThat(shanghai.format(at), equalTo("2026-01-02 00:00:00.007"));
    assertThat(shanghai.ds(at), equalTo("20260102"));
    assertThat(utc.format(0), equalTo("1970-01-01 00:00:00.000"));
  }

  @Test
  void lastDayIsThatOfTheLatestEvent() {
    assertThat(utc.lastDay(log.iterator()), equalTo(Optional.of(LAST)));
    assertThat(utc.lastDay(List.<Event>of().iterator()), equalTo(Optional.empty()));
  }

  @Test
  void withDaysKeepsWholeDaysAndTellsTheRest() {
    List<Event> outside = new ArrayList<>();

    Iterator<Event> kept = utc.withDays(3, LAST, log.iterator(), outside::add);

    assertThat(users(kept), contains("b", "c", "d"));
    assertThat(users(outside.iterator()), contains("a"));
  }

  @Test
  void withDaysNeedsADay() {
    assertThrows(
        IllegalArgumentException.class, () -> utc.withDays(0, LAST, log.iterator(), event -> {}));
  }

  @Test
  void shiftMovesByWholeDays() {
    Iterator<Event> moved = utc.shift(LAST, LocalDate.of(2026, 3, 1), log.iterator());

    assertThat(
        times(moved),
        contains(
            "2026-02-26 23:59:59.999",
            "2026-02-27 00:00:00.000",
            "2026-03-01 23:59:59.999",
            "2026-02-28 12:00:00.000"));
  }

  @Test
  void shiftKeepsTheTimeOfDayAcrossAChangeOfClocks() {
    EventTime berlin = EventTime.in(ZoneId.of("Europe/Berlin"));
    Iterator<Event> winter = List.of(view("2026-01-01T22:30:00", "a")).iterator();

    Event summer = berlin.shift(LocalDate.of(2026, 1, 1), LocalDate.of(2026, 7, 1), winter).next();

    assertThat(berlin.format(summer.timestampMillis()), equalTo("2026-07-01 23:30:00.000"));
  }

  @Test
  void shiftToTodayEndsToday() {
    LocalDate before = LocalDate.now(ZoneOffset.UTC);
    List<Event> moved = new ArrayList<>();
    utc.shiftToToday(LAST, log.iterator()).forEachRemaining(moved::add);
    LocalDate after = LocalDate.now(ZoneOffset.UTC);

    LocalDate last = utc.lastDay(moved.iterator()).orElseThrow();
    assertThat(!last.isBefore(before) && !last.isAfter(after), equalTo(true));
  }

  private static List<String> users(Iterator<Event> events) {
    List<String> users = new ArrayList<>();
    events.forEachRemaining(event -> users.add(event.userId()));
    return users;
  }

  private List<String> times(Iterator<Event> events) {
    List<String> times = new ArrayList<>();
    events.forEachRemaining(event -> times.add(utc.format(event.timestampMillis())));
    return times;
  }
}
