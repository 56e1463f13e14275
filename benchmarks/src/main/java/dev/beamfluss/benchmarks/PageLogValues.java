package dev.beamfluss.benchmarks;

import static java.util.Map.entry;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.fluss.row.TimestampLtz;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Values for the columns of the page log, as long and as different as those of a commerce app's
 * clients; null where an event mostly has none.
 */
final class PageLogValues {
  private static final long NOW = 1_770_000_000_000L;
  private static final int MIN_ARGS = 17;
  private static final int MORE_ARGS = 12;
  private static final String[] ARGS = {
    "spm_cnt",
    "scm",
    "ab_bucket",
    "rec_id",
    "coupon_amount",
    "eta_min",
    "cart_total",
    "trigger",
    "is_member",
    "list_type",
    "shop_score",
    "delivery_fee",
    "rank_model"
  };

  @FunctionalInterface
  private interface Value {
    @Nullable Object make(Random random);
  }

  private static final Value HEX_12 = hex(12);

  private static final Value PAGE =
      oneOf("home", "store", "item", "search", "cart", "checkout", "orders", "coupons", "profile");

  private static final Map<String, Value> CORE =
      Map.ofEntries(
          entry("event_id", PageLogValues::uuid),
          entry("client", oneOf("ios", "android", "mini_program")),
          entry("module", some("module_%02d", 30)),
          entry("user_id", random -> 1_000_000L + random.nextInt(200_000)),
          entry("session_id", hex(24)),
          entry("device_id", hex(32)),
          entry("device_model", some("iPhone16,%d", 200)),
          entry("os_name", oneOf("iOS", "Android", "HarmonyOS")),
          entry("os_version", some("17.%d.1", 20)),
          entry("network", oneOf("wifi", "5g", "4g", "3g")),
          entry("province", some("Province %02d", 31)),
          entry("city", some("City of %03d", 300)),
          entry("channel", some("app_store_%02d", 40)),
          entry("scene", some("scene_%02d", 20)),
          entry("shop_id", random -> 50_000_000L + random.nextInt(50_000)),
          entry("item_id", random -> 600_000_000_000L + random.nextInt(1_000_000)),
          entry("order_id", sometimes(0.05, hex(20))),
          entry("position", integer(30)),
          entry("duration_ms", random -> (long) random.nextInt(60_000)),
          entry("api", some("/v2/gateway/shop/query_%02d", 60)),
          entry("http_status", random -> random.nextInt(100) == 0 ? 504 : 200),
          entry("error_code", sometimes(0.02, some("FAIL_SYS_%03d", 50))),
          entry("success", random -> random.nextInt(100) > 0),
          entry("receive_time", time(60_000)));

  private static final Map<String, Value> PAGES =
      Map.ofEntries(
          entry("page_url", PageLogValues::url),
          entry("page_title", some("Fresh food, delivered in %d minutes", 60)),
          entry("page_path", some("/pages/store/detail/index_%02d", 40)),
          entry("referrer_page", PAGE),
          entry("referrer_event", oneOf("click", "back", "push", "scheme")),
          entry("referrer_url", PageLogValues::url),
          entry("entry_page", PAGE),
          entry("page_depth", integer(12)),
          entry("element_id", some("btn_add_to_cart_%03d", 300)),
          entry("element_text", some("Add to cart, %d left", 100)),
          entry("trace_id", hex(32)),
          entry("span_id", hex(16)),
          entry("request_id", PageLogValues::uuid),
          entry("sequence_no", random -> (long) random.nextInt(100_000)),
          entry("scroll_depth", Random::nextDouble),
          entry("search_keyword", sometimes(0.2, some("milk tea %d", 5_000))),
          entry("error_message", sometimes(0.02, some("Read timed out after %d ms", 10_000))));

  private static final Map<String, Value> DEVICE =
      Map.ofEntries(
          entry("app_build", some("908%03d", 20)),
          entry("sdk_version", some("6.4.%d", 10)),
          entry("package_name", oneOf("com.example.shop", "com.example.shop.lite")),
          entry("install_time", time(Integer.MAX_VALUE)),
          entry("first_open", random -> random.nextInt(50) == 0),
          entry("launch_type", oneOf("cold", "hot", "push")),
          entry("device_brand", oneOf("Apple", "HUAWEI", "Xiaomi", "OPPO", "vivo", "HONOR")),
          entry("cpu_abi", oneOf("arm64-v8a", "armeabi-v7a")),
          entry("memory_mb", random -> 2048 * (1 + random.nextInt(8))),
          entry("storage_free_mb", random -> (long) random.nextInt(500_000)),
          entry("battery_percent", integer(100)),
          entry("low_power", random -> random.nextInt(10) == 0),
          entry("language", oneOf("zh-CN", "zh-TW", "en-US")),
          entry("time_zone", oneOf("Asia/Shanghai", "Asia/Taipei")),
          entry("screen_width", random -> 1080 + 90 * random.nextInt(4)),
          entry("screen_height", random -> 2340 + 60 * random.nextInt(8)),
          entry("screen_density", random -> 2 + 0.5 * random.nextInt(4)),
          entry("viewport_width", random -> 360 + 5 * random.nextInt(20)),
          entry("viewport_height", random -> 700 + random.nextInt(200)),
          entry("orientation", oneOf("portrait", "landscape")),
          entry("browser_name", oneOf("WebView", "Safari", "Chrome")),
          entry("browser_version", some("124.0.%d", 200)),
          entry("user_agent", PageLogValues::userAgent));

  private static final Map<String, Value> OTHERS =
      Map.ofEntries(
          entry("carrier", oneOf("China Mobile", "China Unicom", "China Telecom")),
          entry("ip", PageLogValues::ip),
          entry("isp", oneOf("CMNET", "UNINET", "CHINANET")),
          entry("signal_level", integer(5)),
          entry("country", oneOf("CN")),
          entry("district", some("District %04d", 2_000)),
          entry("longitude", random -> 100 + random.nextInt(20_000_000) / 1e6),
          entry("latitude", random -> 22 + random.nextInt(20_000_000) / 1e6),
          entry("campaign_id", sometimes(0.3, some("cmp_2026_%04d", 500))),
          entry("ad_id", sometimes(0.2, hex(16))),
          entry("coupon_id", sometimes(0.1, hex(16))),
          entry("push_id", sometimes(0.05, hex(24))),
          entry("utm_source", oneOf("weixin", "douyin", "baidu", "direct")),
          entry("utm_medium", oneOf("cpc", "organic", "share")),
          entry("experiment_ids", PageLogValues::experiments),
          entry("experiment_group", some("bucket_%02d", 64)),
          entry("algorithm_id", some("rank_v%02d", 30)),
          entry("dns_ms", integer(80)),
          entry("connect_ms", integer(150)),
          entry("first_byte_ms", integer(600)),
          entry("first_paint_ms", integer(1_500)),
          entry("interactive_ms", integer(4_000)),
          entry("fps", random -> 30 + random.nextInt(300) / 10.0));

  private static final Map<String, Value> ALL = new HashMap<>();

  static {
    List.of(CORE, PAGES, DEVICE, OTHERS).forEach(ALL::putAll);
  }

  private PageLogValues() {}

  /**
   * A value for a column; null for some.
   *
   * @throws IllegalArgumentException if the column is not known here
   */
  static @Nullable Object make(String column, Random random) {
    Value value = ALL.get(column);
    if (value == null) {
      throw new IllegalArgumentException(
          "There are no values for the column " + column + ": add them to PageLogValues.");
    }
    return value.make(random);
  }

  /** What a client sends besides, 300 to 600 characters, with the release anywhere in it. */
  static String args(String release, Random random) {
    int pairs = MIN_ARGS + random.nextInt(MORE_ARGS);
    int place = random.nextInt(pairs);
    StringBuilder text = new StringBuilder("pvid=" + uuid(random));
    for (int i = 0; i < pairs; i++) {
      Object value = i % 2 == 0 ? HEX_12.make(random) : random.nextInt(1_000);
      text.append(',').append(ARGS[i % ARGS.length]).append(i / ARGS.length).append('=');
      text.append(value).append(release(release, place == i));
    }
    return text.toString();
  }

  private static String release(String release, boolean isHere) {
    return isHere ? ",release_type=" + release : "";
  }

  private static Value oneOf(String... values) {
    return random -> values[random.nextInt(values.length)];
  }

  /** One of so many. */
  private static Value some(String format, int number) {
    return random -> format(format, random.nextInt(number));
  }

  private static Value integer(int bound) {
    return random -> random.nextInt(bound);
  }

  private static Value time(int beforeMillis) {
    return random -> TimestampLtz.fromEpochMillis(NOW - random.nextInt(beforeMillis));
  }

  private static Value sometimes(double part, Value value) {
    return random -> random.nextDouble() < part ? value.make(random) : null;
  }

  /** So many digits that nobody can foresee. */
  private static Value hex(int digits) {
    return random -> {
      StringBuilder text = new StringBuilder(digits);
      while (text.length() < digits) {
        text.append(Character.forDigit(random.nextInt(16), 16));
      }
      return text.toString();
    };
  }

  private static Object uuid(Random random) {
    return new UUID(random.nextLong(), random.nextLong()).toString();
  }

  private static Object url(Random random) {
    return format(
        "https://h5.shop.example/app/store/detail?shop_id=%d&item_id=%d&spm=a2ble.%d.%d.%d&from=%s",
        50_000_000 + random.nextInt(50_000),
        600_000_000_000L + random.nextInt(1_000_000),
        10_000 + random.nextInt(200),
        random.nextInt(20),
        random.nextInt(20),
        PAGE.make(random));
  }

  private static Object userAgent(Random random) {
    return format(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_%d_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
            + " Gecko) Mobile/15E148 ShopApp/9.8.%d Channel/app_store_%02d",
        random.nextInt(8), random.nextInt(10), random.nextInt(40));
  }

  private static Object experiments(Random random) {
    return IntStream.range(0, 8)
        .mapToObj(i -> Integer.toString(10_000 + random.nextInt(2_000)))
        .collect(Collectors.joining(";"));
  }

  private static Object ip(Random random) {
    return format(
        "%d.%d.%d.%d",
        36 + random.nextInt(80), random.nextInt(256), random.nextInt(256), random.nextInt(256));
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
