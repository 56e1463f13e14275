package dev.beamfluss.benchmarks;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.Test;

class RoundsTest {
  @Test
  void takesTurnsAndGivesTheMedianWithoutTheFirstRound() throws Exception {
    List<String> order = new ArrayList<>();
    Iterator<Double> values = List.of(100.0, 3.0, 1.0, 2.0).iterator();
    Rounds rounds =
        rounds("--rounds=3")
            .with(
                "a",
                () -> {
                  order.add("a");
                  return values.next();
                })
            .with(
                "b",
                () -> {
                  order.add("b");
                  return order.size();
                });
    rounds.run();

    assertThat(order, contains("a", "b", "a", "b", "a", "b", "a", "b"));
    assertThat(rounds.all("a"), contains(3.0, 1.0, 2.0));
    assertThat(rounds.median("a"), is(2.0));
  }

  @Test
  void theMedianOfAnEvenNumberIsBetweenTheMiddleTwo() throws Exception {
    Iterator<Double> values = List.of(0.0, 1.0, 4.0).iterator();
    Rounds rounds = rounds("--rounds=2").with("a", values::next);
    rounds.run();
    assertThat(rounds.median("a"), is(2.5));
  }

  @Test
  void countsAllWithoutAWarmUp() throws Exception {
    Iterator<Double> values = List.of(1.0, 2.0, 3.0).iterator();
    Rounds rounds = rounds("--rounds=2", "--warmUp=false").with("a", values::next);
    rounds.run();
    assertThat(rounds.all("a"), contains(1.0, 2.0));
  }

  @Test
  void measuresOnlyThoseWithAWantedName() throws Exception {
    Rounds rounds =
        rounds("--rounds=1", "--only=b,d")
            .with("ab", () -> 1.0)
            .with("ac", () -> 2.0)
            .with("ad", () -> 3.0);
    rounds.run();
    assertThat(rounds.names(), contains("ab", "ad"));
    assertThat(rounds.leftOut(), contains("ac"));
    assertThat(rounds.median("ac"), is(nullValue()));
    assertThat(rounds.all("ac"), is(empty()));
  }

  private static Rounds rounds(String... flags) {
    return new Rounds(PipelineOptionsFactory.fromArgs(flags).as(BenchOptions.class), Duration.ZERO);
  }
}
