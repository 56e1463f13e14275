package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.local.FlussExtension;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The lookups themselves have contracts of their own, on both runners. */
class LookupJoinTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Schema ORDER =
      Schema.builder().addStringField("user_id").addInt64Field("amount").build();

  private static Connection connection;
  private static JoinTables tables;
  private static String users;

  @BeforeAll
  static void fill() {
    connection = JoinTables.connect(fluss);
    tables = new JoinTables(fluss, connection);
    users =
        tables.create(
            "users",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("user_id", DataTypes.STRING())
                        .column("address", DataTypes.STRING())
                        .column("city", DataTypes.STRING())
                        .primaryKey("user_id", "address")
                        .build())
                .distributedBy(2, "user_id")
                .build());
    FlussTable table = tables.cluster().describe(users);
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      for (List<Object> row :
          List.<List<Object>>of(
              List.of("ann", "home", "Ulm"),
              List.of("ann", "work", "Bonn"),
              List.of("bob", "home", "Kiel"))) {
        writer.upsert(Row.withSchema(table.schema()).addValues(row).build());
      }
      writer.flush();
    }
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  private static FlussIO.LookupRows lookup() {
    return FlussIO.lookup().in(tables.cluster(), users).by("user_id").withColumns("city");
  }

  private static PCollection<Row> orders(Pipeline pipeline) {
    return pipeline.apply(
        Create.of(order("ann", 1), order("bob", 2), order("eve", 3)).withRowSchema(ORDER));
  }

  private static Row order(String user, long amount) {
    return Row.withSchema(ORDER).addValues(user, amount).build();
  }

  private static Row joined(PCollection<Row> rows, String user, long amount, String city) {
    return Row.withSchema(rows.getSchema()).addValues(user, amount, city).build();
  }

  @Test
  void aRowComesForEachRowThatIsFoundAndAMissWithNulls() {
    Pipeline pipeline = Pipeline.create();
    PCollection<Row> rows = orders(pipeline).apply(LookupJoin.left(lookup()));
    PAssert.that(rows)
        .containsInAnyOrder(
            joined(rows, "ann", 1, "Ulm"),
            joined(rows, "ann", 1, "Bonn"),
            joined(rows, "bob", 2, "Kiel"),
            joined(rows, "eve", 3, null));
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    assertThat(counted(result, "lookupJoinMatches"), equalTo(2L));
    assertThat(counted(result, "lookupJoinMisses"), equalTo(1L));
  }

  private static long counted(PipelineResult result, String name) {
    return result
        .metrics()
        .queryMetrics(
            MetricsFilter.builder()
                .addNameFilter(MetricNameFilter.named(LookupJoin.class, name))
                .build())
        .getCounters()
        .iterator()
        .next()
        .getAttempted();
  }

  @Test
  void anInnerJoinLeavesMissesOut() {
    Pipeline pipeline = Pipeline.create();
    PCollection<Row> rows = orders(pipeline).apply(LookupJoin.inner(lookup()).withPrefix("user_"));
    assertThat(
        rows.getSchema().getFieldNames(), equalTo(List.of("user_id", "amount", "user_city")));
    PAssert.that(rows)
        .containsInAnyOrder(
            joined(rows, "ann", 1, "Ulm"),
            joined(rows, "ann", 1, "Bonn"),
            joined(rows, "bob", 2, "Kiel"));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aColumnThatBothHaveIsRefused() {
    LookupJoin join = LookupJoin.left(FlussIO.lookup().in(tables.cluster(), users).by("user_id"));
    PCollection<Row> orders = orders(Pipeline.create());
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> orders.apply(join)).getMessage(),
        containsString("both have a column user_id"));
  }
}
