package dev.beamfluss.transforms;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The sums over columns of the key that are kept besides: as of SQL's GROUPING SETS, with a value
 * in place of SQL's NULL, which a primary key cannot have.
 */
final class GroupingSets implements Serializable {
  private static final long serialVersionUID = 1L;

  /** More are kept by mistake rather than on purpose: each row counts in as many cells. */
  static final int MOST_SETS = 1024;

  private static final int MOST_CUBED = 10;

  private final String all;

  /** By the position in the key, whether it may be added up over. */
  private final boolean[] dimension;

  /** By set, the positions in the key that are added up over. */
  private final ArrayList<int[]> sets;

  private GroupingSets(String all, boolean[] dimension, List<int[]> sets) {
    this.all = all;
    this.dimension = dimension;
    this.sets = new ArrayList<>(sets);
  }

  static @Nullable GroupingSets of(ColumnUpsert<?> upsert, Schema input) {
    String all = upsert.rolledUpAs();
    if (all == null) {
      return null;
    }
    List<String> key = upsert.by();
    List<String> dimensions = upsert.dimensions();
    for (String column : dimensions) {
      if (!key.contains(column)) {
        throw new IllegalArgumentException(
            String.format("Dimension %s is not in by(..), which has %s.", column, key));
      }
      if (input.hasField(column)
          && input.getField(column).getType().getTypeName() != Schema.TypeName.STRING) {
        throw new IllegalArgumentException(
            String.format(
                "Dimension %s is %s. It must be STRING, as '%s' stands for all of its values.",
                column, input.getField(column).getType().getTypeName(), all));
      }
    }
    boolean[] dimension = new boolean[key.size()];
    dimensions.forEach(column -> dimension[key.indexOf(column)] = true);
    List<int[]> sets = new ArrayList<>();
    for (Set<String> set : different(upsert.groupingSets())) {
      sets.add(
          dimensions.stream()
              .filter(column -> !set.contains(column))
              .mapToInt(key::indexOf)
              .toArray());
    }
    return new GroupingSets(all, dimension, sets);
  }

  boolean isReserved(int position, Object value) {
    return dimension[position] && all.equals(value);
  }

  /** A key of each set. */
  List<Values> of(Values key) {
    List<Values> keys = new ArrayList<>(sets.size());
    for (int[] rolledUp : sets) {
      keys.add(key.with(rolledUp, all));
    }
    return keys;
  }

  /** Two that are equal would count each row twice. */
  static Set<Set<String>> different(List<List<String>> sets) {
    Set<Set<String>> different = new LinkedHashSet<>();
    sets.forEach(set -> different.add(new HashSet<>(set)));
    return different;
  }

  /**
   * Refuses what cannot be.
   *
   * @throws IllegalArgumentException if they are none, too many, or have a column that is no
   *     dimension
   */
  static void checkSets(String method, List<String> dimensions, List<List<String>> sets) {
    if (sets.isEmpty() || sets.size() > MOST_SETS) {
      throw new IllegalArgumentException(
          String.format(
              "%s takes 1 to %d sets of columns, not %d.", method, MOST_SETS, sets.size()));
    }
    for (List<String> set : sets) {
      if (!dimensions.containsAll(set)) {
        throw new IllegalArgumentException(
            String.format(
                "%s has the set %s, which has a column that is none of the dimensions %s.",
                method, set, dimensions));
      }
    }
  }

  /** All combinations of these, from all of them to none. */
  static List<List<String>> cube(String method, List<String> columns) {
    if (columns.isEmpty() || columns.size() > MOST_CUBED) {
      throw new IllegalArgumentException(
          String.format("%s takes 1 to %d columns, not %s.", method, MOST_CUBED, columns));
    }
    List<List<String>> sets = new ArrayList<>();
    for (int chosen = (1 << columns.size()) - 1; chosen >= 0; chosen--) {
      List<String> set = new ArrayList<>();
      for (int i = 0; i < columns.size(); i++) {
        if ((chosen & (1 << (columns.size() - 1 - i))) != 0) {
          set.add(columns.get(i));
        }
      }
      sets.add(List.copyOf(set));
    }
    return sets;
  }

  @Override
  public String toString() {
    return "as '" + all + "': " + sets.stream().map(Arrays::toString).toList();
  }
}
