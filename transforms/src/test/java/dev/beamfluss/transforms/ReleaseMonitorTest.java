package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.both;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How alerts begin, last and end; all state goes through its coders. */
class ReleaseMonitorTest {
  private static final long START = 1_767_225_600_000L;
  private static final CubeCell HOME = CubeCell.of("home");
  private static final CubeCell CART = CubeCell.of("cart");
  private static final CubeCell TOTAL = CubeCell.of((String) null);
  private static final ReleaseWatch WATCH =
      ReleaseWatch.comparing("release", "grey", "base")
          .by("page")
          .ofKinds("event")
          .withTraffic("view");

  /**
   * The same at every run: that chance alone raises an alert now and then is what the watch
   * promises. How often, {@link ReleaseDetectionTest} measures over many seeds.
   */
  private Random random = new Random(1);

  private Watched watched = new Watched(WATCH, true);
  private final List<ReleaseAlert> alerts = new ArrayList<>();
  private int second;

  /** What the canary has for each of the baseline's, at a tenth of its users. */
  private double homeViews = 1;

  private double homeClicks = 1;
  private double canary = 1;
  private double volume = 1;
  private boolean cart = true;

  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      visit(HOME, 150, canary * homeViews, canary * homeViews * homeClicks);
      if (cart) {
        visit(CART, 300, canary, canary);
      }
      alerts.addAll(watched.look());
      second++;
    }
  }

  private void visit(CubeCell page, double views, double canaryViews, double canaryClicks) {
    count(page, "view", CellSums.BASE, views);
    count(page, "view", CellSums.CANARY, views / 10 * canaryViews);
    count(page, "click", CellSums.BASE, views / 2);
    count(page, "click", CellSums.CANARY, views / 20 * canaryClicks);
  }

  private void count(CubeCell page, String kind, int arm, double mean) {
    double exact = mean * volume;
    long rows = Math.max(0, Math.round(exact + Math.sqrt(exact) * random.nextGaussian()));
    watched.count(page, kind, arm, rows, time());
  }

  private long time() {
    return START + second * 1_000L;
  }

  private List<ReleaseAlert> of(CubeCell cell, String kind) {
    return alerts.stream()
        .filter(alert -> alert.cell().equals(cell) && alert.kind().equals(kind))
        .toList();
  }

  private ReleaseAlert last(CubeCell cell, String kind) {
    List<ReleaseAlert> all = of(cell, kind);
    assertThat(alerts.toString(), all.size(), greaterThan(0));
    return all.get(all.size() - 1);
  }

  @Test
  void nothingIsRaisedWhileNothingIsWrong() {
    pass(300);
    assertThat(alerts, is(empty()));
    // clicks and views of two pages and of the total
    assertThat(watched.hypotheses(), is(6));
  }

  @Test
  void anAlertIsRaisedUpdatedClearedAndRaisedAnew() {
    pass(120);
    homeClicks = 3;
    pass(30);
    ReleaseAlert first = of(HOME, "click").get(0);
    assertThat(first.state(), is(ReleaseAlert.State.RAISED));
    assertThat(first.direction(), is(ReleaseAlert.Direction.RATE_UP));
    assertThat(first.raisedAt() - START, both(greaterThan(119_000L)).and(lessThan(140_000L)));
    // chance may have begun it before
    assertThat(first.since() - START, lessThan(125_000L));
    assertThat(first.logEvidence(), greaterThan(first.logThreshold()));
    long lasts = time() - 1_000 - first.raisedAt();
    int updates = (int) (lasts / WATCH.updateInterval().toMillis());
    assertThat(of(HOME, "click").size(), is(1 + updates));
    ReleaseAlert lasting = last(HOME, "click");
    assertThat(lasting.raisedAt(), is(first.raisedAt()));
    double ratio =
        (double) lasting.canaryEvents()
            * lasting.baseTraffic()
            / ((double) lasting.baseEvents() * lasting.canaryTraffic());
    assertThat(ratio, both(greaterThan(1.2)).and(lessThan(4.0)));

    homeClicks = 1;
    pass(50);
    assertThat(last(HOME, "click").state(), is(ReleaseAlert.State.RAISED));
    pass(250);
    assertThat(last(HOME, "click").state(), is(ReleaseAlert.State.CLEARED));
    assertThat(last(HOME, "click").id(), is(first.id()));

    homeClicks = 3;
    pass(30);
    assertThat(last(HOME, "click").state(), is(ReleaseAlert.State.RAISED));
    assertThat(last(HOME, "click").id(), is(not(first.id())));
    assertThat(of(CART, "click"), is(empty()));
  }

  @Test
  void aPageThatFallsSilentIsToldOnce() {
    pass(120);
    homeViews = 0;
    pass(60);
    assertThat(last(HOME, "view").direction(), is(ReleaseAlert.Direction.SILENT));
    assertThat(last(HOME, "view").canaryEvents(), is(0L));
    assertThat(of(HOME, "click"), is(empty()));
    assertThat(of(CART, "view"), is(empty()));
    homeViews = 1;
    pass(300);
    assertThat(last(HOME, "view").state(), is(ReleaseAlert.State.CLEARED));
  }

  @Test
  void aPageThatWasNeverThereIsFoundFromTheBeginning() {
    homeViews = 0;
    pass(60);
    assertThat(of(HOME, "view").get(0).direction(), is(ReleaseAlert.Direction.SILENT));
  }

  @Test
  void aKindThatFallsSilentWhileTrafficGoesOn() {
    pass(60);
    homeClicks = 0;
    pass(30);
    assertThat(last(HOME, "click").direction(), is(ReleaseAlert.Direction.SILENT));
    homeClicks = 0.5;
    pass(30);
    assertThat(last(HOME, "click").direction(), is(ReleaseAlert.Direction.RATE_DOWN));
  }

  @Test
  void aCanaryThatFallsSilentAltogetherIsToldOfTheTotalAndExpires() {
    watched = new Watched(WATCH.withCellTimeout(Duration.ofMinutes(10)), true);
    pass(120);
    canary = 0;
    pass(60);
    assertThat(last(TOTAL, "view").direction(), is(ReleaseAlert.Direction.SILENT));
    assertThat(of(HOME, "click"), is(empty()));
    pass(720);
    assertThat(last(TOTAL, "view").state(), is(ReleaseAlert.State.EXPIRED));
    alerts.clear();
    pass(300);
    assertThat(alerts, is(empty()));
    canary = 1;
    pass(120);
    assertThat(alerts, is(empty()));
  }

  @Test
  void aTotalThatIsHeardAgainClears() {
    pass(120);
    canary = 0;
    pass(30);
    assertThat(last(TOTAL, "view").state(), is(ReleaseAlert.State.RAISED));
    canary = 1;
    pass(70);
    assertThat(last(TOTAL, "view").state(), is(ReleaseAlert.State.CLEARED));
  }

  @Test
  void theCanaryMayGrowAndShrink() {
    pass(120);
    canary = 4;
    pass(60);
    canary = 0.5;
    pass(120);
    assertThat(alerts, is(empty()));
  }

  @Test
  void aHandfulOfEventsIsNoAlert() {
    watched = new Watched(WATCH.withMinimumVolume(20, 1_000_000), true);
    pass(60);
    homeClicks = 5;
    pass(60);
    assertThat(alerts, is(empty()));
  }

  @Test
  void cellsWithoutRowsGoAndTheirAlertsExpire() {
    watched = new Watched(WATCH.withCellTimeout(Duration.ofMinutes(2)), true);
    pass(60);
    homeClicks = 3;
    pass(20);
    assertThat(watched.cells(), is(3));
    cart = false;
    pass(160);
    assertThat(watched.cells(), is(2));
    assertThat(watched.hypotheses(), is(4));
    assertThat(last(HOME, "click").state(), is(ReleaseAlert.State.RAISED));
  }

  @Test
  void oneRowFromTheFutureEndsNothing() {
    pass(60);
    watched.count(HOME, "view", CellSums.BASE, 1, time() + 86_400_000L);
    homeClicks = 3;
    pass(30);
    assertThat(watched.cells(), is(3));
    assertThat(last(HOME, "click").state(), is(ReleaseAlert.State.RAISED));
    assertThat(last(HOME, "click").updatedAt(), lessThan(time()));
  }

  @Test
  void theSameRowsGiveTheSameAlertsWithAndWithoutCoders() {
    long seed = random.nextLong();
    List<List<ReleaseAlert>> runs = new ArrayList<>();
    for (boolean stored : new boolean[] {true, false}) {
      random = new Random(seed);
      watched = new Watched(WATCH, stored);
      second = 0;
      alerts.clear();
      homeClicks = 1;
      pass(60);
      homeClicks = 4;
      pass(30);
      runs.add(new ArrayList<>(alerts));
    }
    assertThat(runs.get(0), is(not(empty())));
    assertThat(runs.get(1), is(equalTo(runs.get(0))));
    assertThat(
        runs.get(0).stream().map(ReleaseAlert::state).toList(), hasItem(ReleaseAlert.State.RAISED));
  }
}
