package dev.beamfluss.pipelines.tables;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.local.FlussExtension;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TableCreatorTest {

  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Schema SCHEMA =
      Schema.newBuilder()
          .column("day", DataTypes.STRING())
          .column("id", DataTypes.INT())
          .withComment("Id")
          .column("total", DataTypes.BIGINT(), AggFunctions.SUM())
          .column("gone", DataTypes.STRING())
          .primaryKey("day", "id")
          .build();

  private static final TableDescriptor TABLE =
      TableDescriptor.builder()
          .schema(SCHEMA)
          .comment("A table")
          .partitionedBy("day")
          .distributedBy(2, "id")
          .properties(Map.of("table.merge-engine", "aggregation"))
          .build();

  private static final TableDescriptor OTHER =
      TableDescriptor.builder()
          .schema(
              Schema.newBuilder()
                  .column("day", DataTypes.STRING())
                  .column("id", DataTypes.BIGINT())
                  .column("total", DataTypes.BIGINT(), AggFunctions.MAX())
                  .column("fresh", DataTypes.STRING())
                  .primaryKey("id", "day")
                  .build())
          .comment("Another table")
          .distributedBy(3, "id", "day")
          .properties(Map.of("table.log.ttl", "1h"))
          .build();

  @Test
  void leavesAnEqualTableAlone() {
    TableDefinition table = new TableDefinition(fluss.newDatabase(), "things", TABLE);
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      assertThat(creator.create(table), is(TableCreator.Outcome.CREATED));
      assertThat(creator.create(table), is(TableCreator.Outcome.EXISTED));
    }
  }

  @Test
  void saysHowAnExistingTableDiffers() {
    String database = fluss.newDatabase();
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      creator.create(new TableDefinition(database, "things", TABLE));
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () -> creator.create(new TableDefinition(database, "things", OTHER)));
      assertThat(
          e.getMessage(),
          startsWith(
              "Table "
                  + database
                  + ".things exists on Fluss cluster "
                  + fluss.bootstrapServers()
                  + " but is another: type of column id is INT NOT NULL, wanted BIGINT NOT NULL; "));
    }
  }

  @Test
  void listsEveryDifference() {
    assertThat(
        TableDifferences.between(definition(OTHER), TABLE),
        is(
            List.of(
                "type of column id is INT NOT NULL, wanted BIGINT NOT NULL",
                "comment of column id is Id, wanted ",
                "aggregation of column total is "
                    + AggFunctions.SUM()
                    + ", wanted "
                    + AggFunctions.MAX(),
                "column fresh STRING is missing",
                "column gone STRING is not in the definition",
                "primary key is [day, id], wanted [id, day]",
                "partition key is [day], wanted []",
                "bucket key is [id], wanted [id, day]",
                "number of buckets is 2, wanted 3",
                "table comment is A table, wanted Another table",
                "option table.log.ttl is not set, wanted 1h",
                "option table.merge-engine is aggregation, wanted not set")));
    assertThat(TableDifferences.between(definition(TABLE), TABLE), empty());
    assertThat(
        TableDifferences.between(definition(TABLE), TABLE.withReplicationFactor(2)), empty());
  }

  @Test
  void aTableThatGrowsMayHaveFurtherColumns() {
    TableDescriptor wide = wide("id", "count");
    TableDefinition growing = TableDefinition.growing("db", "wide", wide);
    assertThat(TableDifferences.between(growing, wide("id", "count", "added")), empty());
    assertThat(
        TableDifferences.between(definition(wide), wide("id", "count", "added")),
        is(List.of("column added BIGINT is not in the definition")));
    assertThat(
        TableDifferences.between(growing, wide("id", "added")),
        is(List.of("column count BIGINT is missing")));
  }

  private static TableDescriptor wide(String key, String... columns) {
    Schema.Builder schema = Schema.newBuilder().column(key, DataTypes.BIGINT());
    for (String column : columns) {
      schema.column(column, DataTypes.BIGINT());
    }
    return TableDescriptor.builder()
        .schema(schema.primaryKey(key).build())
        .distributedBy(1, key)
        .build();
  }

  private static TableDefinition definition(TableDescriptor descriptor) {
    return new TableDefinition("db", "things", descriptor);
  }

  @Test
  void namesTableAndClusterWhenTheClusterRefuses() {
    TableDefinition impossible =
        new TableDefinition(
            fluss.newDatabase(), "things", TABLE.withProperties(Map.of("table.nonsense", "1")));
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> creator.create(impossible));
      assertThat(
          e.getMessage(),
          startsWith(
              "Fluss cluster "
                  + fluss.bootstrapServers()
                  + " could not create table "
                  + impossible
                  + ": "));
      assertThat(e.getMessage(), containsString("table.nonsense"));
    }
  }
}
