package dev.beamfluss.pipelines.canary;

import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/** The table of scenario 4. */
public final class CanaryTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "canary";

  /** Page views as they come in, a log without a key. */
  public static final String PAGE_VIEWS = "log_page_ri";

  private CanaryTables() {}

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return List.of(pageViews(options));
  }

  private static TableDefinition pageViews(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("col1", DataTypes.STRING())
            .column("col2", DataTypes.STRING())
            .column("col3", DataTypes.STRING())
            .column("col4", DataTypes.STRING())
            // The DDL leaves fields out at this place; this one the monitoring query reads.
            .column("args", DataTypes.STRING())
            .column("ds", DataTypes.STRING())
            .build();
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("table.auto-partition.enabled", "true");
    properties.put("table.auto-partition.time-unit", "day");
    properties.put("table.auto-partition.key", "ds");
    properties.put("table.auto-partition.num-precreate", "0");
    properties.put("table.auto-partition.num-retention", "1");
    properties.put("table.log.ttl", options.logTtl());
    properties.put("table.replication.factor", String.valueOf(options.replicationFactor()));
    properties.put("table.log.arrow.compression.type", "zstd");
    properties.put("table.datalake.enabled", "true");
    properties.put("table.datalake.freshness", "3min");
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Page View Log Stream")
            .partitionedBy("ds")
            .distributedBy(options.bucketNum())
            .properties(options.properties(properties))
            .build();
    return new TableDefinition(options.database(DATABASE), PAGE_VIEWS, descriptor);
  }
}
