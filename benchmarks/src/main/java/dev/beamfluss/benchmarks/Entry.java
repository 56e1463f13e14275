package dev.beamfluss.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A line of the result: a figure of ours beside those it is compared with, null where there is no
 * such thing, or it was not measured.
 *
 * @param raw what the client of the system does by hand, without Beam
 * @param nativeEngine what the system's own connector for its engine does
 * @param extras more figures and the conditions, by name
 */
record Entry(
    String name,
    @Nullable Double ours,
    @Nullable Double raw,
    @Nullable Double nativeEngine,
    String unit,
    Map<String, Object> extras) {

  @Nullable Double ratioToRaw() {
    return ratio(ours, raw);
  }

  @Nullable Double ratioToNative() {
    return ratio(ours, nativeEngine);
  }

  static @Nullable Double ratio(@Nullable Double one, @Nullable Double other) {
    return one == null || other == null ? null : one / other;
  }

  /** As it is written to JSON; the names are an interface. */
  Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("ours", ours);
    map.put("raw", raw);
    map.put("native", nativeEngine);
    map.put("ratio_raw", ratioToRaw());
    map.put("ratio_native", ratioToNative());
    map.put("unit", unit);
    map.putAll(extras);
    return map;
  }
}
