package dev.beamfluss.io.fluss;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.WeakHashMap;
import org.apache.beam.sdk.Pipeline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of two writes in one pipeline that write the same column of a table: which of them wins is
 * chance.
 */
final class WriterRegistry {
  private static final Logger LOG = LoggerFactory.getLogger(WriterRegistry.class);

  private static final Map<Pipeline, Map<String, Set<String>>> WRITTEN = new WeakHashMap<>();

  private WriterRegistry() {}

  /** Enters a write; the columns that another writes too. */
  static synchronized Set<String> register(
      Pipeline pipeline, FlussTable table, List<String> columns) {
    if (!table.isKeyed()) {
      return Set.of();
    }
    Set<String> written =
        WRITTEN
            .computeIfAbsent(pipeline, p -> new HashMap<>())
            .computeIfAbsent(
                table.cluster().bootstrapServers() + " " + table.path(), t -> new TreeSet<>());
    Set<String> twice = new TreeSet<>(columns);
    twice.removeAll(table.primaryKey());
    twice.retainAll(written);
    written.addAll(columns);
    if (!twice.isEmpty()) {
      LOG.warn(
          "Two writes of this pipeline write the columns {} of table {}: which wins is chance. Let"
              + " each column have one writer.",
          twice,
          table.path());
    }
    return twice;
  }
}
