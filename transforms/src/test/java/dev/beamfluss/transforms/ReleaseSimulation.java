package dev.beamfluss.transforms;

import java.util.Random;
import java.util.SplittableRandom;

/**
 * A release, by the counts of its seconds: of 4 clients, 3 versions and 20 pages, with volumes as
 * Zipf's law has them. Page views come from users who stay a minute or so, clicks and errors come
 * in groups, some of them a second after the page view, and more often on one page than on another,
 * in both releases alike. The volume changes with the time of day.
 */
final class ReleaseSimulation {
  static final String[] DIMENSIONS = {"client", "version", "page"};
  static final String TRAFFIC = "page_view";
  static final long START = 1_767_225_600_000L;

  private static final int CLIENTS = 4;
  private static final int VERSIONS = 3;
  private static final int PAGES = 20;
  private static final String[] KINDS = {
    TRAFFIC, "impression", "click", "add_cart", "order", "error"
  };
  private static final double[] PER_VIEW = {1, 1, 0.3, 0.08, 0.02, 0.02};
  private static final int CLICK = 2;
  private static final int ERROR = 5;
  private static final double ROWS_PER_VIEW = 2.42;
  private static final double STAY_SECONDS = 60;
  private static final double VIEWS_PER_SECOND = 1.0 / 15;
  private static final double GROUP = 1.5;
  private static final double DAY_SECONDS = 86_400;
  private static final double RAMP = 3;

  /** What is wrong. */
  enum Scenario {
    NOTHING,
    FEWER_EVENTS,
    MORE_ERRORS,
    SILENT_PAGE,
    SKEWED_TRAFFIC
  }

  private final Scenario scenario;
  private final SplittableRandom random;
  private final int seconds;
  private final int onset;
  private final double canaryShare;
  private final double viewsPerSecond;
  private final int[] region = {-1, -1, -1};
  private final double[][] perView = new double[PAGES][KINDS.length];
  private final double[][][] users = new double[CLIENTS][VERSIONS][2];
  private final long[][][][] viewsBefore = new long[CLIENTS][VERSIONS][PAGES][2];
  private final CubeCell[][][] cells = new CubeCell[CLIENTS][VERSIONS][PAGES];
  private final double[] zipfOfPage = zipfOfPages();
  private int second;

  ReleaseSimulation(Scenario scenario, long seed, int seconds) {
    this.scenario = scenario;
    this.random = new SplittableRandom(seed);
    this.seconds = seconds;
    this.onset =
        scenario == Scenario.NOTHING
            ? Integer.MAX_VALUE
            : seconds / 4 + random.nextInt(seconds / 4);
    this.canaryShare = random.nextDouble(0.05, 0.10);
    this.viewsPerSecond =
        Math.exp(random.nextDouble(Math.log(2_000), Math.log(20_000))) / ROWS_PER_VIEW;
    chooseRegion();
    Random gauss = new Random(seed);
    for (double[] ofPage : perView) {
      for (int kind = 0; kind < KINDS.length; kind++) {
        ofPage[kind] = kind == 0 ? 1 : PER_VIEW[kind] * Math.exp(0.3 * gauss.nextGaussian());
      }
    }
    start();
  }

  private void chooseRegion() {
    if (scenario == Scenario.SILENT_PAGE) {
      region[2] = random.nextInt(PAGES / 2);
    }
    if (scenario == Scenario.MORE_ERRORS) {
      switch (random.nextInt(3)) {
        case 0 -> region[0] = random.nextInt(CLIENTS);
        case 1 -> region[2] = random.nextInt(PAGES / 2);
        default -> region[1] = -1;
      }
    }
    if (scenario == Scenario.FEWER_EVENTS && random.nextBoolean()) {
      region[0] = random.nextInt(CLIENTS);
    }
  }

  private void start() {
    for (int client = 0; client < CLIENTS; client++) {
      for (int version = 0; version < VERSIONS; version++) {
        for (int arm = 0; arm < 2; arm++) {
          users[client][version][arm] = poisson(meanUsers(client, version, arm));
        }
        for (int page = 0; page < PAGES; page++) {
          cells[client][version][page] = CubeCell.of("c" + client, "v" + version, "p" + page);
        }
      }
    }
  }

  private static double zipf(int rank, int of) {
    double sum = 0;
    for (int i = 1; i <= of; i++) {
      sum += 1.0 / i;
    }
    return 1.0 / (rank + 1) / sum;
  }

  private double share(int arm) {
    boolean ramped = scenario == Scenario.SKEWED_TRAFFIC && second >= onset && second < 2 * onset;
    double canary = ramped ? RAMP * canaryShare : canaryShare;
    return arm == CellSums.CANARY ? canary : 1 - canary;
  }

  private double meanUsers(int client, int version, int arm) {
    double day = 1 + 0.5 * Math.sin(2 * Math.PI * second / DAY_SECONDS);
    return viewsPerSecond
        / VIEWS_PER_SECOND
        * day
        * share(arm)
        * zipf(client, CLIENTS)
        * zipf(version, VERSIONS);
  }

  boolean isOver() {
    return second >= seconds;
  }

  int onset() {
    return onset;
  }

  int second() {
    return second;
  }

  /** Whether an alert of the cell can be due to what is wrong. */
  boolean isAffected(CubeCell cell) {
    if (scenario == Scenario.SKEWED_TRAFFIC || second < onset) {
      return false;
    }
    for (int i = 0; i < region.length; i++) {
      String value = cell.values().get(i);
      String wrong = DIMENSIONS[i].charAt(0) + "" + region[i];
      if (region[i] >= 0 && value != null && !value.equals(wrong)) {
        return false;
      }
    }
    return true;
  }

  /** Whether it moves the count of a minute by ten standard deviations more than is tolerated. */
  boolean isStrong() {
    double views = 60 * viewsPerSecond * canaryShare;
    views *= region[0] < 0 ? 1 : zipf(region[0], CLIENTS);
    views *= region[2] < 0 ? 1 : zipf(region[2], PAGES);
    return switch (scenario) {
      case FEWER_EVENTS -> isStrong(views * PER_VIEW[CLICK], 1 / 1.05, 0.8, 2);
      case MORE_ERRORS -> isStrong(views * PER_VIEW[ERROR], 1.05, 3, 2);
      case SILENT_PAGE -> isStrong(views, 0.5, 0, 4);
      default -> false;
    };
  }

  private static boolean isStrong(double expected, double edge, double truth, double dispersion) {
    double shift = expected * Math.abs(truth - edge);
    return shift >= 10 * Math.sqrt(dispersion * edge * expected);
  }

  /** Counts what happens in the next second. */
  void next(Watched watch) {
    long time = START + second * 1_000L + 999;
    if (scenario == Scenario.SKEWED_TRAFFIC && (second == onset || second == 2 * onset)) {
      // all users at once
      start();
    }
    for (int client = 0; client < CLIENTS; client++) {
      for (int version = 0; version < VERSIONS; version++) {
        for (int arm = 0; arm < 2; arm++) {
          double leave = users[client][version][arm] / STAY_SECONDS;
          double come = meanUsers(client, version, arm) / STAY_SECONDS;
          users[client][version][arm] =
              Math.max(0, users[client][version][arm] + poisson(come) - poisson(leave));
          for (int page = 0; page < PAGES; page++) {
            visit(watch, client, version, page, arm, time);
          }
        }
      }
    }
    second++;
  }

  private void visit(Watched watch, int client, int version, int page, int arm, long time) {
    boolean wrong =
        arm == CellSums.CANARY
            && second >= onset
            && (region[0] < 0 || region[0] == client)
            && (region[2] < 0 || region[2] == page);
    if (wrong && scenario == Scenario.SILENT_PAGE) {
      return;
    }
    long views = poisson(users[client][version][arm] * VIEWS_PER_SECOND * zipfOfPage[page]);
    CubeCell cell = cells[client][version][page];
    watch.count(cell, TRAFFIC, arm, views, time);
    double seen = (views + viewsBefore[client][version][page][arm]) / 2.0;
    viewsBefore[client][version][page][arm] = views;
    if (seen == 0) {
      return;
    }
    for (int kind = 1; kind < KINDS.length; kind++) {
      double factor = 1;
      if (wrong && scenario == Scenario.FEWER_EVENTS && kind == CLICK) {
        factor = 0.8;
      } else if (wrong && scenario == Scenario.MORE_ERRORS && kind == ERROR) {
        factor = 3;
      }
      watch.count(cell, KINDS[kind], arm, grouped(seen * perView[page][kind] * factor), time);
    }
  }

  private static double[] zipfOfPages() {
    double[] all = new double[PAGES];
    for (int page = 0; page < PAGES; page++) {
      all[page] = zipf(page, PAGES);
    }
    return all;
  }

  /**
   * As many as come in groups of 1.5 in the mean, of geometric sizes: the variance is twice the
   * mean.
   */
  private long grouped(double mean) {
    if (mean > 50) {
      return Math.max(
          0, Math.round(mean + Math.sqrt((2 * GROUP - 1) * mean) * random.nextGaussian()));
    }
    long groups = poisson(mean / GROUP);
    long events = groups;
    for (long group = 0; group < groups; group++) {
      events += (long) (Math.log(1 - random.nextDouble()) / Math.log(1 - 1 / GROUP));
    }
    return events;
  }

  private long poisson(double mean) {
    if (mean > 50) {
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.nextGaussian()));
    }
    double limit = Math.exp(-mean);
    long events = 0;
    for (double product = random.nextDouble(); product > limit; product *= random.nextDouble()) {
      events++;
    }
    return events;
  }

  @Override
  public String toString() {
    return scenario + " from second " + onset + " on";
  }
}
