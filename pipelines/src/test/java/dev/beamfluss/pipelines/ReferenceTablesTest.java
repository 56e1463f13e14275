package dev.beamfluss.pipelines;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertAll;

import dev.beamfluss.local.FlussExtension;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Creates every table on a cluster, reads each back and compares it with the reference's DDL, which
 * is kept word for word in {@code reference-tables.sql}. Deviations are those of {@code
 * docs/deviations.md}, no more and no less.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ReferenceTablesTest {

  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  /** What the cluster adds by itself to tables whose DDL does not state it. */
  private static final Map<String, String> ADDED_BY_THE_CLUSTER =
      Map.of(
          "buckets", "1",
          "option table.replication.factor", "1",
          "option table.datalake.format", "paimon",
          "option table.datalake.paimon.metastore", "filesystem",
          "option table.kv.format-version", "2",
          "option table.delete.behavior", "IGNORE");

  /** What the first column is named where the reference leaves the columns out. */
  private static final String PLACEHOLDER = "col1,";

  /** One fact that differs: {@code Deviation("uv.ads_uv_agg", "comment", "..", "-")}. */
  private record Deviation(String table, String fact, String reference, String here) {}

  private static Map<String, Map<String, String>> reference;

  @BeforeAll
  static void readTheReference() throws Exception {
    try (InputStream sql = ReferenceTablesTest.class.getResourceAsStream("/reference-tables.sql")) {
      reference =
          ReferenceDdl.parse(
              new String(sql.readAllBytes(), UTF_8),
              Map.of("BUCKET_NUM", "3", "REPLICATION_FACTOR", "1", "LOG_TTL", "36h"));
    }
  }

  @Test
  void theParserReadsWhatTheReferenceSays() {
    assertThat(
        reference.keySet(),
        contains(
            "attribution.order_ri",
            "attribution.log_page_ri",
            "attribution.log_page_ord_detail_ri",
            "widetable.shop_stat_wide",
            "forecast.order_dtm",
            "forecast.order_forecast_mm",
            "canary.log_page_ri",
            "uv.user_mapping_table",
            "uv.ads_uv_agg",
            "uv.ads_uv_detail"));
    Map<String, String> wide = new TreeMap<>();
    wide.put("columns", "shop_id, stat_date, stat_hour, exp_cnt, page_cnt");
    wide.put("column shop_id", "BIGINT NOT NULL");
    wide.put("column stat_date", "STRING NOT NULL");
    wide.put("column stat_hour", "STRING NOT NULL");
    wide.put("column exp_cnt", "BIGINT");
    wide.put("comment of column exp_cnt", "Exposure Count");
    wide.put("column page_cnt", "BIGINT");
    wide.put("comment of column page_cnt", "Page View Count");
    wide.put("primary key", "shop_id, stat_date, stat_hour");
    wide.put("partition key", "");
    wide.put("bucket key", "shop_id");
    wide.put("buckets", "3");
    assertThat(reference.get("widetable.shop_stat_wide"), is(wide));
    assertThat(
        reference.get("canary.log_page_ri").get("columns"), is("col1, col2, col3, col4, ds"));
    assertThat(reference.get("canary.log_page_ri").get("option table.log.ttl"), is("36h"));
    assertThat(
        reference.get("uv.user_mapping_table").get("column update_time"), is("TIMESTAMP(3)"));
    assertThat(reference.get("uv.ads_uv_agg").get("aggregation of column uv_bitmap"), is("rbm32"));
  }

  @Test
  void theTablesAreThoseOfTheReferenceAndTheInputsAreTieredToo() throws Exception {
    List<Deviation> found = createAndCompare("lake_", "--lake=true");
    isWhatIsListed(found, "always", "--lake=true");
  }

  @Test
  void withoutALakeOnlyTheLakeOptionsAreMissing() throws Exception {
    List<Deviation> found = createAndCompare("lakeless_", "--lake=false");
    isWhatIsListed(found, "always", "--lake=false");
  }

  private static void isWhatIsListed(List<Deviation> found, String... cases) throws Exception {
    List<Deviation> listed = listed(cases);
    List<Deviation> unlisted = new ArrayList<>(found);
    unlisted.removeAll(listed);
    List<Deviation> stale = new ArrayList<>(listed);
    stale.removeAll(found);
    assertAll(
        () -> assertThat("not listed in docs/deviations.md", unlisted, empty()),
        () -> assertThat("listed in docs/deviations.md, but not so", stale, empty()));
  }

  private static List<Deviation> createAndCompare(String prefix, String lake) throws Exception {
    CreateTablesOptions options =
        PipelineOptionsFactory.fromArgs(
                "--bootstrapServers=" + fluss.bootstrapServers(),
                "--databasePrefix=" + prefix,
                "--bucketNum=3",
                "--replicationFactor=1",
                "--logTtl=36h",
                lake)
            .withValidation()
            .as(CreateTablesOptions.class);
    List<String> report = new ArrayList<>();
    CreateTables.create(options, report::add);
    List<String> created = new ArrayList<>(report);
    report.clear();
    CreateTables.create(options, report::add);
    assertThat(
        "the second time",
        report,
        is(created.stream().map(line -> line.replace("created ", "existed ")).toList()));

    List<Deviation> deviations = new ArrayList<>();
    Map<String, Map<String, String>> existing = existingTables(prefix);
    assertThat(
        created.stream().sorted().toList(),
        is(existing.keySet().stream().map(table -> "created " + prefix + table).toList()));
    assertThat(existing.keySet(), hasItems(reference.keySet().toArray(String[]::new)));
    for (String table : existing.keySet()) {
      if (!reference.containsKey(table)) {
        deviations.add(new Deviation(table, "table", "-", table.substring(table.indexOf('.') + 1)));
      }
    }
    reference.forEach(
        (table, expected) -> {
          Map<String, String> actual = existing.get(table);
          if (expected.get("columns").startsWith(PLACEHOLDER)) {
            withoutColumnsInPlaceOf(expected, actual);
          }
          TreeSet<String> facts = new TreeSet<>(expected.keySet());
          facts.addAll(actual.keySet());
          for (String fact : facts) {
            String here = actual.getOrDefault(fact, "-");
            String there = expected.getOrDefault(fact, "-");
            String addition =
                fact.equals("option table.datalake.paimon.warehouse")
                    ? fluss.cluster().warehouse().orElseThrow().toString()
                    : ADDED_BY_THE_CLUSTER.get(fact);
            boolean added = !expected.containsKey(fact) && here.equals(addition);
            if (!here.equals(there) && !added) {
              deviations.add(new Deviation(table, fact, there, here));
            }
          }
        });
    return deviations;
  }

  /** Of a table whose columns the reference leaves out, those that it names are compared. */
  private static void withoutColumnsInPlaceOf(
      Map<String, String> expected, Map<String, String> actual) {
    int columns = actual.get("columns").split(", ").length;
    actual.keySet().removeIf(fact -> fact.startsWith("column ") && !expected.containsKey(fact));
    actual.put("columns", columns + " of PageLogColumns");
  }

  /** The facts of all tables in databases with the prefix, by name without the prefix. */
  @SuppressWarnings("try") // an interrupt while closing fails the test, as it should
  private static Map<String, Map<String, String>> existingTables(String prefix) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString(ConfigOptions.BOOTSTRAP_SERVERS.key(), fluss.bootstrapServers());
    Map<String, Map<String, String>> tables = new TreeMap<>();
    try (Connection connection = ConnectionFactory.createConnection(configuration);
        Admin admin = connection.getAdmin()) {
      for (String database : admin.listDatabases().get(30, TimeUnit.SECONDS)) {
        if (database.startsWith(prefix)) {
          for (String table : admin.listTables(database).get(30, TimeUnit.SECONDS)) {
            TableInfo info =
                admin.getTableInfo(TablePath.of(database, table)).get(30, TimeUnit.SECONDS);
            String name = database.substring(prefix.length());
            tables.put(name + "." + table, facts(name, info));
          }
        }
      }
    }
    return tables;
  }

  private static Map<String, String> facts(String database, TableInfo info) {
    Map<String, String> facts = new TreeMap<>();
    Schema schema = info.getSchema();
    facts.put("database", database);
    facts.put("columns", String.join(", ", schema.getColumnNames()));
    for (Schema.Column column : schema.getColumns()) {
      facts.put("column " + column.getName(), column.getDataType().toString());
      column
          .getComment()
          .ifPresent(comment -> facts.put("comment of column " + column.getName(), comment));
      column
          .getAggFunction()
          .ifPresent(
              function ->
                  facts.put(
                      "aggregation of column " + column.getName(), function.getType().toString()));
    }
    info.getComment().ifPresent(comment -> facts.put("comment", comment));
    facts.put("primary key", String.join(", ", schema.getPrimaryKeyColumnNames()));
    if (!schema.getAutoIncrementColumnNames().isEmpty()) {
      facts.put("auto-increment", String.join(", ", schema.getAutoIncrementColumnNames()));
    }
    facts.put("partition key", String.join(", ", info.getPartitionKeys()));
    facts.put("bucket key", String.join(", ", info.getBucketKeys()));
    facts.put("buckets", String.valueOf(info.getNumBuckets()));
    info.getProperties().toMap().forEach((key, value) -> facts.put("option " + key, value));
    info.getCustomProperties()
        .toMap()
        .forEach((key, value) -> facts.put("custom option " + key, value));
    return facts;
  }

  /** The deviations that the documentation lists for these cases. */
  private static List<Deviation> listed(String... cases) throws Exception {
    List<Deviation> deviations = new ArrayList<>();
    Map<String, List<String>> tablesOf = new LinkedHashMap<>();
    for (String table : reference.keySet()) {
      String database = table.substring(0, table.indexOf('.'));
      tablesOf.computeIfAbsent(database + ".*", any -> new ArrayList<>()).add(table);
    }
    List<String> lines;
    try (Stream<String> all = Files.lines(Path.of("..", "docs", "deviations.md"), UTF_8)) {
      lines = all.filter(line -> line.startsWith("| ") && line.contains(".")).toList();
    }
    for (String line : lines) {
      List<String> cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
      assertThat(line, cells, hasSize(8));
      if (Arrays.asList(cases).contains(cells.get(5))) {
        for (String table : tablesOf.getOrDefault(cells.get(1), List.of(cells.get(1)))) {
          deviations.add(new Deviation(table, cells.get(2), cells.get(3), cells.get(4)));
        }
      }
    }
    return deviations;
  }
}
