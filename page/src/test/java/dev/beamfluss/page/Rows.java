package dev.beamfluss.page;

import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.uv.UvTables;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.math.BigDecimal;
import java.time.Instant;

/** What pipelines write, in small: enough that each view has something to show. */
final class Rows {
  /** Of an application's page; must never become markup. */
  static final String EVIL = "<img src=x onerror=alert(1)>";

  private static final String DAY = ViewTables.DAY;
  private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");

  private final ViewTables tables;

  Rows(ViewTables tables) {
    this.tables = tables;
  }

  void createAttribution() throws Exception {
    tables.create(
        AttributionTables::definitions, "log_page_ri", "log_page_ord_detail_ri", "conversion_ri");
  }

  void createAll() throws Exception {
    createAttribution();
    tables.create(WideTableTables::definitions, "product_stat_wide", "shop_stat_wide");
    tables.create(ForecastTables::definitions, "order_forecast_mm");
    tables.addTexts("forecast", "order_forecast_mm", "forecast_low", "forecast_high");
    tables.create(CanaryTables::definitions, "ads_gray_monitoring_permm_ri", "alerts");
    tables.create(UvTables::definitions, "uv_minute", "uv_day");
  }

  /** A user whose first page view is in this minute of ten o'clock. */
  void visit(String user, int minute) throws Exception {
    visit(user, time(minute));
  }

  void visit(String user, String time) throws Exception {
    tables.upsert(
        "attribution",
        "log_page_ri",
        "user_id",
        user,
        "first_page_time",
        time,
        "pv",
        1L,
        "ds",
        DAY);
  }

  void order(String user, String order, int visited, int minute, String amount) throws Exception {
    tables.upsert(
        "attribution", "log_page_ord_detail_ri", orderRow(user, order, visited, minute, amount));
  }

  void cancel(String user, String order, int visited, int minute, String amount) throws Exception {
    tables.delete(
        "attribution", "log_page_ord_detail_ri", orderRow(user, order, visited, minute, amount));
  }

  private static Object[] orderRow(
      String user, String order, int visited, int minute, String amount) {
    return new Object[] {
      "user_id",
      user,
      "order_id",
      order,
      "first_page_time",
      time(visited),
      "order_time",
      time(minute),
      "pv",
      1L,
      "pay_amt",
      amount,
      "is_matched",
      "1",
      "ds",
      DAY
    };
  }

  private static String time(int minute) {
    return String.format("2026-11-23 10:%02d:30.000", minute);
  }

  void conversions(long visitors, long buyers, long orders, String gmv) throws Exception {
    tables.upsert(
        "attribution",
        "conversion_ri",
        "ds",
        DAY,
        "window_days",
        1,
        "visitors",
        visitors,
        "buyers",
        buyers,
        "conversion_rate",
        (double) buyers / visitors,
        "orders",
        orders,
        "gmv",
        new BigDecimal(gmv));
  }

  void sold(String grain, long id, String hour, long orders, String gmv) throws Exception {
    sold(grain, DAY, id, hour, orders, gmv);
  }

  void sold(String grain, String day, long id, String hour, long orders, String gmv)
      throws Exception {
    tables.upsert(
        "widetable",
        grain + "_stat_wide",
        grain + "_id",
        id,
        "stat_date",
        day,
        "stat_hour",
        hour,
        "exp_cnt",
        100L,
        "exp_time",
        Instant.now(),
        "order_cnt",
        orders,
        "unique_order_cnt",
        orders,
        "gmv",
        new BigDecimal(gmv),
        "order_time",
        NOON);
  }

  void forecast(int minute, long orders, String forecast) throws Exception {
    forecast(minute(minute), orders, forecast);
  }

  /** Of ten o'clock. */
  private static String minute(int minute) {
    return String.format("10%02d", minute);
  }

  void forecast(String minute, long orders, String forecast) throws Exception {
    tables.upsert(
        "forecast",
        "order_forecast_mm",
        "ds",
        DAY,
        "mm",
        minute,
        "order_source",
        "app",
        "cumulative_order_cnt",
        orders,
        "forecast_daily_order_cnt",
        forecast,
        "forecast_low",
        "450.5",
        "forecast_high",
        "700");
  }

  void canary(String release, int minute, String page, long views) throws Exception {
    canary(release, minute(minute), page, views);
  }

  void canary(String release, String minute, String page, long views) throws Exception {
    tables.upsert(
        "canary",
        "ads_gray_monitoring_permm_ri",
        "ds",
        DAY,
        "mm",
        minute,
        "release_type",
        release,
        "client",
        "ALL",
        "app_version",
        "ALL",
        "page",
        page,
        "event",
        "ALL",
        "pv",
        views,
        "uv",
        views / 2);
  }

  void alert(String id, String state) throws Exception {
    tables.upsert(
        "canary",
        "alerts",
        "alert_id",
        id,
        "state",
        state,
        "direction",
        "RATE_UP",
        "client",
        "ios",
        "page",
        EVIL,
        "network",
        "5g",
        "kind",
        "crash",
        "raised_at",
        NOON,
        "updated_at",
        NOON,
        "canary_events",
        30L,
        "base_events",
        10L,
        "canary_traffic",
        1_000L,
        "base_traffic",
        1_000L,
        "canary_rate",
        0.03,
        "base_rate",
        0.01,
        "rate_ratio",
        3.0,
        "log_evidence",
        9.5,
        "log_threshold",
        6.9);
  }

  void uv(int minute, long users) throws Exception {
    uv("10", String.format("%02d", minute), users);
  }

  void uv(String hour, String minute, long users) throws Exception {
    tables.upsert(
        "uv",
        "uv_minute",
        "ds",
        DAY,
        "hh",
        hour,
        "mm",
        minute,
        "exp_uv",
        users,
        "page_uv",
        users / 2,
        "click_uv",
        users / 3,
        "ord_uv",
        users / 4);
  }

  void uvOfDay(long users) throws Exception {
    uvOfDay(DAY, users);
  }

  void uvOfDay(String day, long users) throws Exception {
    tables.upsert(
        "uv",
        "uv_day",
        "ds",
        day,
        "exp_uv",
        users,
        "page_uv",
        users / 2,
        "click_uv",
        users / 3,
        "ord_uv",
        users / 4,
        "exp_page_uv",
        users / 2,
        "page_click_uv",
        users / 3,
        "click_ord_uv",
        users / 5,
        "funnel_uv",
        users / 10);
  }

  /** Something in each. */
  void writeAll() throws Exception {
    for (int minute = 0; minute < 20; minute++) {
      for (int user = 0; user < 4; user++) {
        visit("u" + minute + "-" + user, minute);
      }
      order("u" + minute + "-0", "o" + minute, minute, minute + 1, "19.5");
      forecast(minute, 10L * minute, "" + (600 - 5 * minute) + ".0");
      canary("grey", minute, "ALL", 50 + minute);
      canary("base", minute, "ALL", 100 - minute);
      uv(minute, 1_000 + 10L * minute);
    }
    conversions(80, 20, 20, "390");
    for (long id = 1; id <= 12; id++) {
      for (String grain : new String[] {"product", "shop"}) {
        sold(grain, id, "10", id, 10 * id + ".25");
        sold(grain, id, "11", 1, "1");
      }
    }
    canary("grey", 1, EVIL, 40);
    canary("base", 1, EVIL, 20);
    alert("a1", "RAISED");
    alert("a2", "CLEARED");
    uvOfDay(12_345);
  }
}
