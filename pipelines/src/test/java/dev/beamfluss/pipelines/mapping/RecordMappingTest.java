package dev.beamfluss.pipelines.mapping;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import org.apache.beam.sdk.util.SerializableUtils;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordMappingTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static FlussTable log;
  private static FlussTable keyed;

  @BeforeAll
  static void createTables() {
    String database = fluss.newDatabase();
    Schema.Builder columns =
        Schema.newBuilder()
            .column("id", DataTypes.BIGINT().copy(false))
            .column("tiny", DataTypes.TINYINT())
            .column("small", DataTypes.SMALLINT())
            .column("real", DataTypes.FLOAT())
            .column("price", DataTypes.DECIMAL(10, 2))
            .column("day", DataTypes.DATE())
            .column("day_of_time", DataTypes.DATE())
            .column("local", DataTypes.TIMESTAMP(3))
            .column("at", DataTypes.TIMESTAMP_LTZ(3))
            .column("hour", DataTypes.STRING())
            .column("raw", DataTypes.BYTES())
            .column("tags", DataTypes.ARRAY(DataTypes.STRING()));
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      creator.create(
          new TableDefinition(
              database,
              "log",
              TableDescriptor.builder().schema(columns.build()).distributedBy(1).build()));
      creator.create(
          new TableDefinition(
              database,
              "keyed",
              TableDescriptor.builder()
                  .schema(columns.primaryKey("id").build())
                  .distributedBy(1)
                  .build()));
    }
    FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
    log = cluster.describe(database + ".log");
    keyed = cluster.describe(database + ".keyed");
  }

  private static String mapping(String columns) {
    return "{\"zone\": \"Asia/Shanghai\", \"columns\": {\"id\": \"id\"" + columns + "}}";
  }

  private static Row map(RecordMapping mapping, String json) throws Exception {
    return SerializableUtils.ensureSerializable(mapping).mapper().map(json);
  }

  @Test
  void valuesBecomeThoseOfTheColumns() throws Exception {
    String time = "{\"path\": \"ts\", \"time\": \"epoch-millis\"";
    RecordMapping mapping =
        RecordMapping.parse(
            mapping(
                ", \"tiny\": \"n\", \"small\": \"s\", \"real\": \"r\", \"price\": \"p\","
                    + " \"day\": \"d\", \"day_of_time\": "
                    + time
                    + "}, \"local\": "
                    + time
                    + "}, \"at\": "
                    + time
                    + "}, \"hour\": "
                    + time
                    + ", \"format\": \"uuuuMMddHH\"}"),
            log);
    Row row =
        map(
            mapping,
            "{\"id\": 7, \"n\": -128, \"s\": \"32767\", \"r\": 0.5, \"p\": 12.30,"
                + " \"d\": \"2026-02-28\", \"ts\": 1772384400000}");
    assertThat(row.getInt64("id"), is(7L));
    assertThat(row.getByte("tiny"), is((byte) -128));
    assertThat(row.getInt16("small"), is((short) 32767));
    assertThat(row.getFloat("real"), is(0.5f));
    assertThat(row.getValue("price"), is(new BigDecimal("12.30")));
    assertThat(row.getValue("day"), is(LocalDate.of(2026, 2, 28)));
    // 17:00 in UTC, one o'clock of the next day in Shanghai
    assertThat(row.getValue("at"), is(Instant.parse("2026-03-01T17:00:00Z")));
    assertThat(row.getValue("local"), is(LocalDateTime.of(2026, 3, 2, 1, 0)));
    assertThat(row.getValue("day_of_time"), is(LocalDate.of(2026, 3, 2)));
    assertThat(row.getString("hour"), is("2026030201"));
    assertThat(row.getValue("tags"), is(nullValue()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"n\": 128, \"id\": 1} | column tiny: '128' is no whole number from -128 to 127",
        "{\"n\": 1.5, \"id\": 1} | column tiny: '1.5' is no whole number",
        "{\"d\": \"2026-02-30\", \"id\": 1} | column day: '2026-02-30' is no date",
        "{\"n\": 1} | column id: it has no value at [id]",
        "{\"id\": null} | column id: it has no value",
        "{\"id\": 1, \"a\": {\"b\": [1]}} | field a.b.0: no column takes it",
      })
  void whatIsNoRowIsRefused(String json, String said) {
    RecordMapping mapping = RecordMapping.parse(mapping(", \"tiny\": \"n\", \"day\": \"d\""), log);
    UnmappableException e = assertThrows(UnmappableException.class, () -> map(mapping, json));
    assertThat(e.getMessage(), containsString(said));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"raw\": \"a\" | column raw: no JSON value becomes one of its type BYTES",
        "\"tags\": \"a\" | column tags: no JSON value becomes one of its type ARRAY",
        "\"none\": \"a\" | column none: the table has no such column; its columns are [id,",
        "\"local\": \"a\" | column local: must be an object with the \"time\"",
        "\"hour\": {\"path\": \"a\", \"time\": \"iso-8601\"} | or say the \"format\" of the text",
        "\"hour\": {\"path\": \"a\", \"format\": \"uuuu\"} | \"format\" is how a time becomes a text",
        "\"day\": {\"path\": \"a\", \"time\": \"iso-8601\", \"format\": \"u\"} | of a STRING",
        "\"hour\": {\"path\": \"a\", \"time\": \"iso-8601\", \"format\": \"b{\"} | 'b{' is no pattern",
      })
  void wrongColumnsAreRefused(String column, String said) {
    assertRefused(mapping(", " + column), log, said);
  }

  private static void assertRefused(String json, FlussTable table, String said) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> RecordMapping.parse(json, table));
    assertThat(
        e.getMessage(),
        allOf(containsString("Mapping of table " + table.path()), containsString(said)));
  }

  @Test
  void whatTheTableNeedsMustBeNamed() {
    String none = "{\"zone\": \"UTC\", \"columns\": {\"tiny\": \"n\"}}";
    assertRefused(none, log, "does not say where column id comes from");
    assertRefused(none, keyed, "does not say where column id comes from");
    assertRefused(
        mapping("").replace("\"columns\"", "\"others\": \"drop\", \"columns\""),
        log,
        "refuse or ignore, not 'drop'");
  }

  @Test
  void otherFieldsAreLeftOutWhereTheMappingSaysSo() throws Exception {
    RecordMapping mapping =
        RecordMapping.parse(
            mapping("").replace("\"columns\"", "\"others\": \"ignore\", \"columns\""), log);
    assertThat(map(mapping, "{\"id\": 1, \"a\": 2}").getInt64("id"), is(1L));
  }
}
