package dev.beamfluss.pipelines.tables;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.apache.fluss.metadata.AggFunction;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;

/** Says in words how an existing table is other than a definition wants it. */
final class TableDifferences {

  /** Options that the cluster fills in where a definition does not state them. */
  private static final Set<String> FILLED_IN_BY_THE_CLUSTER =
      Set.of(
          "table.replication.factor",
          "table.datalake.format",
          "table.kv.format-version",
          "table.delete.behavior");

  /** With lake tables it also tells how to reach their lake: {@code table.datalake.paimon.*}. */
  private static final String LAKE_OF_THE_CLUSTER = "table.datalake.paimon.";

  private final List<String> found = new ArrayList<>();

  private TableDifferences() {}

  /** One sentence a difference; empty if there is none. */
  static List<String> between(TableDefinition definition, TableDescriptor existing) {
    TableDescriptor wanted = definition.descriptor();
    TableDifferences differences = new TableDifferences();
    differences.compareColumns(wanted.getSchema(), existing.getSchema(), definition.grows());
    differences.compare(
        "primary key",
        wanted.getSchema().getPrimaryKeyColumnNames(),
        existing.getSchema().getPrimaryKeyColumnNames());
    differences.compare(
        "auto-increment column",
        wanted.getSchema().getAutoIncrementColumnNames(),
        existing.getSchema().getAutoIncrementColumnNames());
    differences.compare("partition key", wanted.getPartitionKeys(), existing.getPartitionKeys());
    differences.compare("bucket key", wanted.getBucketKeys(), existing.getBucketKeys());
    wanted
        .getTableDistribution()
        .flatMap(TableDescriptor.TableDistribution::getBucketCount)
        .ifPresent(
            count ->
                differences.compare(
                    "number of buckets",
                    count,
                    existing.getTableDistribution().orElseThrow().getBucketCount().orElseThrow()));
    differences.compare(
        "table comment", wanted.getComment().orElse(""), existing.getComment().orElse(""));
    differences.compareOptions(wanted.getProperties(), existing.getProperties());
    differences.compareOptions(wanted.getCustomProperties(), existing.getCustomProperties());
    return differences.found;
  }

  private void compareColumns(Schema wanted, Schema existing, boolean grows) {
    Map<String, Schema.Column> wantedColumns = byName(wanted);
    Map<String, Schema.Column> existingColumns = byName(existing);
    wantedColumns.forEach(
        (name, column) -> {
          Schema.Column other = existingColumns.get(name);
          if (other == null) {
            found.add("column " + name + " " + column.getDataType() + " is missing");
            return;
          }
          compare("type of column " + name, column.getDataType(), other.getDataType());
          compare(
              "comment of column " + name,
              column.getComment().orElse(""),
              other.getComment().orElse(""));
          compare(
              "aggregation of column " + name,
              column.getAggFunction().map(AggFunction::toString).orElse("none"),
              other.getAggFunction().map(AggFunction::toString).orElse("none"));
        });
    existingColumns.forEach(
        (name, column) -> {
          boolean added = grows && column.getDataType().isNullable();
          if (!wantedColumns.containsKey(name) && !added) {
            found.add("column " + name + " " + column.getDataType() + " is not in the definition");
          }
        });
    if (wantedColumns.keySet().equals(existingColumns.keySet())) {
      compare("order of columns", wanted.getColumnNames(), existing.getColumnNames());
    }
  }

  private void compareOptions(Map<String, String> wanted, Map<String, String> existing) {
    Set<String> keys = new TreeSet<>(wanted.keySet());
    keys.addAll(existing.keySet());
    for (String key : keys) {
      boolean filledIn =
          FILLED_IN_BY_THE_CLUSTER.contains(key) || key.startsWith(LAKE_OF_THE_CLUSTER);
      if (wanted.containsKey(key) || !filledIn) {
        compare(
            "option " + key,
            wanted.getOrDefault(key, "not set"),
            existing.getOrDefault(key, "not set"));
      }
    }
  }

  private void compare(String what, Object wanted, Object existing) {
    if (!Objects.equals(wanted, existing)) {
      found.add(what + " is " + existing + ", wanted " + wanted);
    }
  }

  private static Map<String, Schema.Column> byName(Schema schema) {
    Map<String, Schema.Column> columns = new LinkedHashMap<>();
    schema.getColumns().forEach(column -> columns.put(column.getName(), column));
    return columns;
  }
}
