package dev.beamfluss.pipelines.widetable;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.fluss.metadata.Schema;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference's standards for wide tables. */
class WideTableTablesTest {

  @ParameterizedTest
  @EnumSource(StatGrain.class)
  void eachColumnHasOneJobThatIsResponsible(StatGrain grain) {
    List<String> columns = new ArrayList<>(wide(grain).getColumnNames());
    columns.removeAll(grain.key());
    List<String> responsible =
        Arrays.stream(BehaviorStream.values())
            .flatMap(stream -> stream.columns().stream())
            .toList();
    Set<String> different = new HashSet<>(responsible);
    assertThat("written by two jobs", responsible.size(), is(different.size()));
    assertThat(new HashSet<>(columns), is(equalTo(different)));
  }

  @ParameterizedTest
  @EnumSource(StatGrain.class)
  void allColumnsButTheKeyMayBeNull(StatGrain grain) {
    Schema schema = wide(grain);
    assertThat(schema.getPrimaryKeyColumnNames(), is(grain.key()));
    assertThat(
        schema.getColumns().stream()
            .filter(column -> !grain.key().contains(column.getName()))
            .filter(column -> !column.getDataType().isNullable() || column.getComment().isEmpty())
            .map(Schema.Column::getName)
            .toList(),
        is(empty()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"order", "ORDERS", ""})
  void otherNamesAreRefused(String id) {
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> BehaviorStream.of(id)).getMessage(),
        containsString("there are [exposures, clicks, visits, carts, orders]"));
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> StatGrain.of(id)).getMessage(),
        containsString("there are [product, shop]"));
  }

  private static Schema wide(StatGrain grain) {
    return WideTableTables.definitions(TableOptions.defaults()).stream()
        .filter(table -> table.name().equals(grain.table()))
        .filter(TableDefinition::grows)
        .findFirst()
        .orElseThrow()
        .descriptor()
        .getSchema();
  }
}
