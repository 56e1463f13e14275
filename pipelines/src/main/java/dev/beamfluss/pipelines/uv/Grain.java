package dev.beamfluss.pipelines.uv;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * For what distinct users are counted: each minute, hour or day, or also each value of further
 * columns of the logs in it. Written as {@code minute}, {@code hour}, {@code day}, with further
 * columns as in {@code day+category}.
 */
public final class Grain {
  /** What is counted where nothing else is asked for. */
  public static final String DEFAULTS = "minute,hour,day";

  private static final Map<String, List<String>> PERIODS =
      Map.of(
          "minute", List.of("ds", "hh", "mm"), "hour", List.of("ds", "hh"), "day", List.of("ds"));

  private final String name;
  private final List<String> columns;

  private Grain(String name, List<String> columns) {
    this.name = name;
    this.columns = List.copyOf(columns);
  }

  /**
   * The grains that a flag names.
   *
   * @throws IllegalArgumentException if one is none, or is there twice
   */
  public static List<Grain> of(List<String> texts) {
    List<Grain> grains = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String text : texts) {
      Grain grain = of(text.strip());
      if (!names.add(grain.name)) {
        throw new IllegalArgumentException(
            String.format("The grain '%s' is there twice, or one with the same tables.", text));
      }
      grains.add(grain);
    }
    if (grains.isEmpty()) {
      throw new IllegalArgumentException("Name at least one grain: " + DEFAULTS + ".");
    }
    return List.copyOf(grains);
  }

  private static Grain of(String text) {
    List<String> parts = Arrays.asList(text.split("\\+", -1));
    List<String> period = PERIODS.get(parts.get(0));
    if (period == null) {
      throw new IllegalArgumentException(
          String.format(
              "The grain '%s' must begin with minute, hour or day; further columns follow, as in"
                  + " 'day+category'.",
              text));
    }
    List<String> columns = new ArrayList<>(period);
    for (String column : parts.subList(1, parts.size())) {
      if (column.isEmpty() || columns.contains(column)) {
        throw new IllegalArgumentException(
            String.format("The grain '%s' has an empty column, or one twice.", text));
      }
      columns.add(column);
    }
    return new Grain(text.replace('+', '_').toLowerCase(Locale.ROOT), columns);
  }

  /** The columns of the logs of which each combination of values is counted. */
  public List<String> columns() {
    return columns;
  }

  /** The table of its bitmaps; that of minutes is the reference's. */
  public String bitmapTable() {
    return name.equals("minute") ? UvTables.AGGREGATE : UvTables.AGGREGATE + "_" + name;
  }

  /** The table of its counts. */
  public String countTable() {
    return "uv_" + name;
  }

  @Override
  public String toString() {
    return name;
  }
}
