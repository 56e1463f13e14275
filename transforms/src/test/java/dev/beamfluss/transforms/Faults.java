package dev.beamfluss.transforms;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.Row;

/**
 * Makes a step fail when told to. The runner throws its bundle away then, and whoever goes on
 * replays it.
 */
final class Faults extends PTransform<PCollection<Long>, PDone> {
  /** Where in the work on a bundle. */
  enum Place {
    /** Some of its keys are computed, nothing is written. */
    COMPUTING,
    /** It is written and acknowledged. */
    WRITTEN
  }

  private static final int NEVER = Integer.MAX_VALUE;
  private static final Map<String, Faults> RUNS = new ConcurrentHashMap<>();

  private final String run = UUID.randomUUID().toString();
  private final transient Map<Place, AtomicInteger> left =
      Map.of(
          Place.COMPUTING, new AtomicInteger(NEVER),
          Place.WRITTEN, new AtomicInteger(NEVER));
  private final transient AtomicInteger failures = new AtomicInteger();

  Faults() {
    RUNS.put(run, this);
  }

  /** Fails once, after it was so often at this place. */
  void failAfter(Place place, int times) {
    left.get(place).set(times);
  }

  /** How often it has failed. */
  int failures() {
    return failures.get();
  }

  private static void pass(String run, Place place) {
    Faults faults = RUNS.get(run);
    AtomicInteger left = faults.left.get(place);
    if (left.get() != NEVER && left.getAndDecrement() == 0) {
      left.set(NEVER);
      faults.failures.incrementAndGet();
      throw new IllegalStateException("fails, as the test wants it: " + place);
    }
  }

  /** A function that fails at {@link Place#COMPUTING}. */
  <T> SerializableFunction<Row, T> failing(SerializableFunction<Row, T> function) {
    String of = run;
    return row -> {
      pass(of, Place.COMPUTING);
      return function.apply(row);
    };
  }

  /** Of what a join has acknowledged: fails at {@link Place#WRITTEN}. */
  @Override
  public PDone expand(PCollection<Long> acknowledged) {
    acknowledged.apply(ParDo.of(new Fail(run)));
    return PDone.in(acknowledged.getPipeline());
  }

  private static final class Fail extends DoFn<Long, Void> {
    private final String run;

    Fail(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process() {
      pass(run, Place.WRITTEN);
    }
  }
}
