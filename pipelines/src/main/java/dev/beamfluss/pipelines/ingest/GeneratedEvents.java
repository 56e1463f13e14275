package dev.beamfluss.pipelines.ingest;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.Random;

/** One run of {@link EventGenerator}: plays an hour's users, then hands out what has arrived. */
final class GeneratedEvents extends LookaheadIterator<Event> {

  private static final int HOURS = 24;
  private static final long HOUR_MILLIS = 3_600_000;

  /** How busy each hour is; lunch and dinner stand out. */
  private static final int[] BUSY = {
    2, 1, 1, 1, 1, 2, 4, 7, 8, 7, 9, 18, 20, 12, 8, 8, 9, 16, 20, 15, 11, 9, 6, 4
  };

  private static final double NO_USER = 0.01;
  private static final double FREE = 0.003;
  private static final long JITTER_MILLIS = 50;

  private record Arrival(long at, long sequence, Event event) {}

  private final PriorityQueue<Arrival> arrivals =
      new PriorityQueue<>(Comparator.comparingLong(Arrival::at).thenComparing(Arrival::sequence));
  private final GeneratorOptions options;
  private final EventTime time;
  private final Random random;
  private final UserDay users;
  private final long end;
  private final int stride;
  private LocalDate day;
  private int hour;
  private long arrived;
  private long emitted;

  GeneratedEvents(GeneratorOptions options) {
    this.options = options;
    // java.util.Random's numbers are specified: they are the same on every JDK.
    this.random = new Random(options.seed());
    this.time = EventTime.in(options.zone());
    this.end = time.startOf(options.lastDay().plusDays(1));
    this.day = options.lastDay().minusDays(options.days() - 1L);
    this.stride = stride(options.users());
    Catalog catalog = new Catalog(options.shops(), options.products(), random);
    this.users = new UserDay(options, catalog, random, this::happen);
  }

  @Override
  Event computeNext() {
    while (hoursLeft() && (arrivals.isEmpty() || arrivals.element().at >= hourStart())) {
      playHour();
    }
    return arrivals.isEmpty() ? null : arrivals.remove().event.withLine(++emitted);
  }

  private boolean hoursLeft() {
    return !day.isAfter(options.lastDay());
  }

  private long hourStart() {
    return time.startOf(day) + hour * HOUR_MILLIS;
  }

  private void playHour() {
    long start = hourStart();
    for (int i = activeBefore(hour); i < activeBefore(hour + 1); i++) {
      users.play(userId(i), start + (long) (random.nextDouble() * HOUR_MILLIS));
    }
    hour++;
    if (hour == HOURS) {
      hour = 0;
      day = day.plusDays(1);
    }
  }

  /** How many of the day's users start before that hour. */
  private int activeBefore(int untilHour) {
    long before = 0;
    long all = 0;
    for (int h = 0; h < HOURS; h++) {
      all += BUSY[h];
      before += h < untilHour ? BUSY[h] : 0;
    }
    return (int) (options.activeUsersPerDay() * before / all);
  }

  /** The day's i-th user. As the stride shares no divisor with their number, none comes twice. */
  private String userId(int i) {
    long offset = day.toEpochDay() * 7919;
    return String.format(
        Locale.ROOT, "u%07d", Math.floorMod((long) i * stride + offset, options.users()));
  }

  private static int stride(int users) {
    int stride = Math.max(1, (int) (users * 0.618));
    while (!BigInteger.valueOf(stride).gcd(BigInteger.valueOf(users)).equals(BigInteger.ONE)) {
      stride++;
    }
    return stride;
  }

  private void happen(Event event) {
    if (event.timestampMillis() >= end) {
      return;
    }
    Event seen = withFaults(event);
    arrive(seen);
    if (random.nextDouble() < options.repeatedShare()) {
      arrive(seen);
    }
  }

  private void arrive(Event event) {
    boolean late = random.nextDouble() < options.lateShare();
    long most = late ? options.maxLateness().toMillis() : JITTER_MILLIS;
    long delay = Math.min((long) (random.nextDouble() * most), options.maxLateness().toMillis());
    arrivals.add(new Arrival(event.timestampMillis() + delay, arrived++, event));
  }

  private Event withFaults(Event event) {
    double fault = random.nextDouble();
    if (fault < NO_USER) {
      return copy(event, "", event.price());
    }
    return fault < NO_USER + FREE ? copy(event, event.userId(), new BigDecimal("0.00")) : event;
  }

  private static Event copy(Event event, String userId, BigDecimal price) {
    return new Event(
        event.line(),
        event.timestampMillis(),
        userId,
        event.type(),
        event.itemId(),
        event.orderId(),
        price,
        event.category(),
        event.quantity(),
        event.country());
  }
}
