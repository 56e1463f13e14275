package dev.beamfluss.pipelines.canary;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.hasEntry;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.transforms.ReleaseWatch;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;

class CanaryTablesTest {
  private static TableDescriptor table(String name) {
    return CanaryTables.definitions(TableOptions.defaults()).stream()
        .filter(table -> table.name().equals(name))
        .map(TableDefinition::descriptor)
        .findFirst()
        .orElseThrow();
  }

  private static DataType type(Schema schema, String column) {
    return schema.getColumn(column).getDataType();
  }

  @Test
  void theLogHasAllColumnsAndTheReferencesOptions() {
    TableDescriptor log = table(CanaryTables.PAGE_VIEWS);
    assertThat(log.getSchema(), is(PageLogColumns.flussSchema()));
    assertThat(log.getPartitionKeys(), is(List.of("ds")));
    Map<String, String> properties = log.getProperties();
    assertThat(properties, hasEntry("table.auto-partition.num-retention", "1"));
    assertThat(properties, hasEntry("table.auto-partition.num-precreate", "0"));
    assertThat(properties, hasEntry("table.datalake.enabled", "true"));
    assertThat(properties, hasEntry("table.log.arrow.compression.type", "zstd"));
  }

  @Test
  void theDetailsHaveTheColumnsThatAreRead() {
    Schema details = table(CanaryTables.DETAIL).getSchema();
    assertThat(details.getColumnNames(), is(PageLogColumns.core()));
    Schema log = PageLogColumns.flussSchema();
    details
        .getColumns()
        .forEach(
            column ->
                assertThat(
                    column.getName(), column.getDataType(), is(type(log, column.getName()))));
    assertThat(details.getPrimaryKey().isPresent(), is(false));
  }

  @Test
  void dimensionsAreTextsThatAreRead() {
    for (List<String> columns : List.of(CanaryTables.DIMENSIONS, CanaryTables.COMPARED)) {
      assertThat(PageLogColumns.core().containsAll(columns), is(true));
      columns.forEach(
          column ->
              assertThat(
                  column, type(PageLogColumns.flussSchema(), column), is(DataTypes.STRING())));
    }
  }

  @Test
  void countsHaveTheKeyThatIsCountedByAndTotals() {
    Schema counts = table(CanaryTables.COUNTS).getSchema();
    List<String> key =
        List.of("ds", "mm", "release_type", "client", "app_version", "page", "event");
    assertThat(counts.getPrimaryKeyColumnNames(), is(key));
    key.forEach(column -> assertThat(type(counts, column), is(DataTypes.STRING().copy(false))));
    assertThat(
        counts.getColumnNames().subList(7, 11),
        is(List.of("pv", "uv", "pv_version", "latest_time")));
    for (String total : List.of("pv", "uv", "pv_version")) {
      assertThat(total, type(counts, total), is(DataTypes.BIGINT()));
    }
    assertThat(type(counts, "latest_time"), is(DataTypes.TIMESTAMP_LTZ(3)));
  }

  @Test
  void usersHaveTheKeyOfTheCountsAndAShard() {
    List<String> key = table(CanaryTables.USERS).getSchema().getPrimaryKeyColumnNames();
    List<String> counted = table(CanaryTables.COUNTS).getSchema().getPrimaryKeyColumnNames();
    assertThat(key.subList(0, counted.size()), is(counted));
    assertThat(key.subList(counted.size(), key.size()), is(List.of("shard_id")));
  }

  @Test
  void alertsAreThoseOfTheWatch() {
    Schema table = table(CanaryTables.ALERTS).getSchema();
    org.apache.beam.sdk.schemas.Schema alerts =
        ReleaseWatch.alertSchema(CanaryTables.COMPARED.toArray(String[]::new));
    assertThat(table.getColumnNames(), is(alerts.getFieldNames()));
    assertThat(table.getPrimaryKeyColumnNames(), is(List.of("alert_id")));
    for (org.apache.beam.sdk.schemas.Schema.Field field : alerts.getFields()) {
      DataType expected =
          switch (field.getType().getTypeName()) {
            case STRING -> DataTypes.STRING();
            case DATETIME -> DataTypes.TIMESTAMP_LTZ(3);
            case INT64 -> DataTypes.BIGINT();
            case INT32 -> DataTypes.INT();
            case DOUBLE -> DataTypes.DOUBLE();
            default -> throw new IllegalArgumentException(field.toString());
          };
      boolean inKey = field.getName().equals("alert_id");
      assertThat(
          field.toString(),
          type(table, field.getName()),
          is(inKey ? expected.copy(false) : expected));
    }
  }
}
