package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.pipelines.forecast.DayCurves;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.apache.beam.sdk.values.Row;

/** A day's forecasts of orders against what it had in the end, as SVG. */
final class ForecastChart {
  private static final int WIDTH = 960;
  private static final int HEIGHT = 480;
  private static final int LEFT = 70;
  private static final int RIGHT = 20;
  private static final int TOP = 60;
  private static final int BOTTOM = 45;
  private static final int STEP = 5;
  private static final int HOURS_APART = 3;
  private static final double HEADROOM = 1.6;
  private static final String RATIO = "#c2571a";
  private static final String SHRUNK = "#1f5fa8";
  private static final String TRUTH = "#222222";
  private static final String SO_FAR = "#5a8f3c";

  private final double truth;
  private final double top;
  private final StringBuilder svg = new StringBuilder();

  private ForecastChart(double truth) {
    this.truth = truth;
    this.top = truth * HEADROOM;
  }

  /**
   * The picture.
   *
   * @param ratio forecasts of the model {@code ratio} at each of 1440 minutes, in their order
   * @param shrunk the same of {@code shrunk}, whose interval is drawn
   */
  static String of(
      String channel, String day, double confidence, List<Row> ratio, List<Row> shrunk) {
    double truth = BacktestErrors.count(shrunk.get(shrunk.size() - 1))[0];
    return new ForecastChart(truth).draw(channel, day, confidence, ratio, shrunk);
  }

  private String draw(
      String channel, String day, double confidence, List<Row> ratio, List<Row> shrunk) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                + " font-family=\"sans-serif\" font-size=\"13\">%n"
                + "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>%n"
                + "<clipPath id=\"plot\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                + "</clipPath>%n",
            WIDTH,
            HEIGHT,
            WIDTH,
            HEIGHT,
            LEFT,
            TOP,
            WIDTH - LEFT - RIGHT,
            HEIGHT - TOP - BOTTOM));
    text(
        LEFT,
        22,
        "start",
        String.format(
            Locale.ROOT,
            "Forecast of the day's orders at each minute: %s on %s, which had %,.0f in the end",
            escaped(channel),
            day,
            truth));
    axes();
    svg.append("<g clip-path=\"url(#plot)\" fill=\"none\" stroke-width=\"1.8\">\n");
    band(shrunk);
    line(List.of(shrunk.get(0), shrunk.get(shrunk.size() - 1)), row -> truth, TRUTH, "6 4");
    line(shrunk, ForecastChart::soFar, SO_FAR, "none");
    line(ratio, row -> BacktestErrors.count(row)[0], RATIO, "none");
    line(shrunk, row -> BacktestErrors.count(row)[0], SHRUNK, "none");
    svg.append("</g>\n");
    int x = LEFT;
    x = legend(x, TRUTH, "the day's total");
    x = legend(x, SO_FAR, "orders so far");
    x = legend(x, RATIO, "ratio");
    legend(x, SHRUNK, String.format(Locale.ROOT, "shrunk, interval of %.0f %%", 100 * confidence));
    return svg.append("</svg>\n").toString();
  }

  private static double soFar(Row row) {
    return row.getInt64("cumulative_order_cnt");
  }

  private void axes() {
    double step = niceStep();
    for (double value = 0; value <= top; value += step) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%d %.1fH%d\" stroke=\"#dddddd\"/>%n",
              LEFT,
              y(value),
              WIDTH - RIGHT));
      text(LEFT - 8, y(value) + 4, "end", String.format(Locale.ROOT, "%,.0f", value));
    }
    for (int hour = 0; hour <= 24; hour += HOURS_APART) {
      text(x(hour * 60), HEIGHT - BOTTOM + 20, "middle", String.format("%02d:00", hour));
    }
  }

  /** Of the lines: 1, 2 or 5 with zeros, whole orders. */
  private double niceStep() {
    double least = Math.max(1, top / 8);
    double step = Math.pow(10, Math.floor(Math.log10(least)));
    for (double factor : new double[] {1, 2, 5}) {
      if (step * factor >= least) {
        return step * factor;
      }
    }
    return step * 10;
  }

  private void band(List<Row> rows) {
    StringBuilder path = new StringBuilder("M");
    for (int i = 0; i < rows.size(); i += STEP) {
      path.append(point(i, BacktestErrors.count(rows.get(i))[2]));
    }
    for (int i = (rows.size() - 1) / STEP * STEP; i >= 0; i -= STEP) {
      path.append(point(i, BacktestErrors.count(rows.get(i))[1]));
    }
    svg.append(
        String.format("<path d=\"%sZ\" fill=\"%s\" fill-opacity=\"0.18\"/>%n", path, SHRUNK));
  }

  private void line(List<Row> rows, ToDoubleFunction<Row> value, String color, String dashes) {
    StringBuilder path = new StringBuilder("M");
    int step = rows.size() > STEP ? STEP : 1;
    int minutes = DayCurves.MINUTES - 1;
    for (int i = 0; i < rows.size(); i += step) {
      path.append(
          point(i * minutes / Math.max(1, rows.size() - 1), value.applyAsDouble(rows.get(i))));
    }
    if ((rows.size() - 1) % step != 0) {
      path.append(point(minutes, value.applyAsDouble(rows.get(rows.size() - 1))));
    }
    svg.append(
        String.format(
            "<path d=\"%s\" stroke=\"%s\" stroke-dasharray=\"%s\"/>%n", path, color, dashes));
  }

  private String point(int minute, double value) {
    return String.format(Locale.ROOT, "%.1f %.1f ", x(minute), y(value));
  }

  private static double x(int minute) {
    return LEFT + (double) minute / DayCurves.MINUTES * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
  }

  private int legend(int x, String color, String name) {
    svg.append(
        String.format(
            "<rect x=\"%d\" y=\"36\" width=\"14\" height=\"10\" fill=\"%s\"/>%n", x, color));
    text(x + 20, 46, "start", name);
    return x + 40 + 8 * name.length();
  }

  private void text(double x, double y, String anchor, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>%n",
            x,
            y,
            anchor,
            text));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
