package dev.beamfluss.benchmarks;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.Row;

/** Counts the rows of one measurement at a time, in this JVM, and times them. */
final class Counter {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final LongAdder ROWS = new LongAdder();
  private static final AtomicLong BEGUN = new AtomicLong();

  /** Keeps the compiler from leaving out the making of rows that nobody looks at. */
  @SuppressWarnings({"unused", "UnusedVariable"})
  private static Object last;

  /** The same for the fields of rows. */
  @SuppressWarnings({"unused", "UnusedVariable"})
  private static int lastHash;

  private Counter() {}

  static void reset() {
    ROWS.reset();
    BEGUN.set(0);
  }

  /** Called before each element is made; the first time counts. */
  static void begin() {
    if (BEGUN.get() == 0) {
      BEGUN.compareAndSet(0, System.nanoTime());
    }
  }

  static void add(long rows) {
    ROWS.add(rows);
  }

  static void count(Object row) {
    last = row;
    ROWS.increment();
  }

  /** Also looks at every value of the row, as a row may put off making them. */
  static void countAllFields(Row row) {
    int hash = 0;
    for (int i = 0; i < row.getFieldCount(); i++) {
      Object value = row.getValue(i);
      hash += Objects.hashCode(value);
    }
    lastHash = hash;
    ROWS.increment();
  }

  static long rows() {
    return ROWS.sum();
  }

  /**
   * Rows a second from the first to the last, once the expected number has come: what a runner
   * needs to start is not part of it.
   */
  static double awaitRate(long expected) throws InterruptedException {
    return awaitRateAfter(1, expected);
  }

  /** The same from a time on: for a runner that reads long before it hands on the first row. */
  static double awaitRateSince(long start, long expected) throws InterruptedException {
    return rate(awaitRows(expected, expected, deadline()), start);
  }

  /** The same from the first element that was made. */
  static double awaitRateSinceBegin(long expected) throws InterruptedException {
    long rows = awaitRows(expected, expected, deadline());
    return rate(rows, BEGUN.get());
  }

  /** Rows a second of so many that are through now, from the first element that was made. */
  static double rateSinceBegin(long rows) {
    return rate(rows, BEGUN.get());
  }

  /** Rows a second of those after the first ones, which warm something up. */
  static double awaitRateAfter(long first, long expected) throws InterruptedException {
    long before = awaitRows(first, expected, deadline());
    long start = System.nanoTime();
    long after = awaitRows(expected, expected, deadline());
    return rate(after - before, start);
  }

  /** Waits until so many rows have come. */
  static void await(long expected) throws InterruptedException {
    var unused = awaitRows(expected, expected, deadline());
  }

  private static long deadline() {
    return System.nanoTime() + PATIENCE.toNanos();
  }

  private static double rate(long rows, long start) {
    long nanos = Math.max(1, System.nanoTime() - start);
    return Math.max(1, rows) * (double) TimeUnit.SECONDS.toNanos(1) / nanos;
  }

  private static long awaitRows(long number, long expected, long deadline)
      throws InterruptedException {
    long rows = rows();
    while (rows < number) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            String.format("Only %d of %d rows came in %s", rows, expected, PATIENCE));
      }
      TimeUnit.MILLISECONDS.sleep(1);
      rows = rows();
    }
    return rows;
  }

  /** What is done with each row; as an enum it can be sent to workers. */
  enum Step implements Consumer<Row> {
    COUNT {
      @Override
      public void accept(Row row) {
        count(row);
      }
    },
    COUNT_ALL_FIELDS {
      @Override
      public void accept(Row row) {
        countAllFields(row);
      }
    }
  }

  /** Does the step, and hands nothing on. */
  static final class StepFn extends DoFn<Row, Void> {
    private final Step step;

    StepFn(Step step) {
      this.step = step;
    }

    @ProcessElement
    public void process(@Element Row row) {
      step.accept(row);
    }
  }
}
