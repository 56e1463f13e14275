package dev.beamfluss.pipelines.canary;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The same three events as each client sends them, and what each of them must become. */
final class ClientLines {
  static final String ARGS = "debug.note=a%2Cb%3Dc,release_type=grey";

  private static final Map<String, Object> ALL =
      Map.of(
          "app_version", "8.1.0",
          "release", "8.1.0-r2",
          "channel", "organic",
          "scene", "1001",
          "user_id", 7001L,
          "session_id", "s-1",
          "province", "Zhejiang",
          "city", "Hangzhou",
          "shop_id", 501L,
          "args", ARGS);

  static final List<Map<String, Object>> EVENTS =
      List.of(
          with(
              Map.of(
                  "event_id", "e-1",
                  "event_time", Instant.parse("2026-11-25T01:30:00.123Z"),
                  "receive_time", Instant.parse("2026-11-25T01:30:01Z"),
                  "event", "page_view",
                  "page", "shop_home",
                  "module", "header",
                  "network", "wifi",
                  "duration_ms", 1200L,
                  "success", true,
                  "ds", "20261125")),
          with(
              Map.of(
                  "event_id", "e-2",
                  "event_time", Instant.parse("2026-11-25T16:30:00Z"),
                  "receive_time", Instant.parse("2026-11-25T16:30:00.500Z"),
                  "event", "item_click",
                  "page", "shop_home",
                  "module", "list",
                  "network", "5g",
                  "item_id", 9001L,
                  "position", 3,
                  "ds", "20261126")),
          with(
              Map.of(
                  "event_id", "e-3",
                  "event_time", Instant.parse("2026-11-25T16:31:00.001Z"),
                  "event", "api_error",
                  "page", "checkout",
                  "order_id", "o-1",
                  "api", "order.create",
                  "http_status", 502,
                  "error_code", "E502",
                  "error_message", "upstream, timeout=3s",
                  "success", false)));

  private ClientLines() {}

  private static Map<String, Object> with(Map<String, Object> own) {
    Map<String, Object> result = new TreeMap<>(ALL);
    result.putAll(own);
    return result;
  }

  static List<String> of(String client) throws IOException {
    try (InputStream in =
        ClientLines.class.getResourceAsStream("/client-lines/" + client + ".jsonl")) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }
}
