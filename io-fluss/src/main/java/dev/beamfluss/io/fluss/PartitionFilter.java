package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.Map;

/**
 * Says which partitions of a table are read. Asked once for each partition that a reader finds, so
 * its answer for a partition must not change.
 */
@FunctionalInterface
public interface PartitionFilter extends Serializable {

  /**
   * Whether to read a partition.
   *
   * @param values the values of its partition columns by name, as Fluss spells them in the
   *     partition's name (a day is {@code 20261123})
   */
  boolean accepts(Map<String, String> values);
}
