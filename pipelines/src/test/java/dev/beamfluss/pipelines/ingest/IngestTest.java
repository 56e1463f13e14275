package dev.beamfluss.pipelines.ingest;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.tables.Collected;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class IngestTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... flags) throws Exception {
    return Ingest.run(
        flags,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private Path log() throws Exception {
    return Files.writeString(
        directory.resolve("events.csv"),
        """
        ts_ms,user_id,event,item_id,order_id,price,category
        1569888000000,1,view,10,,35.79,tea
        this is no event
        1569888001000,1,order,10,o1,35.79,tea
        """);
  }

  @Test
  void malformedLinesGoToTheErrorFileWithTheirNumbersAndTheRestGoesOn() throws Exception {
    String prefix = fluss.newDatabase() + "_";
    TableOptions options = TableOptions.defaults().withBucketNum(1).withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      AttributionTables.definitions(options).forEach(creator::create);
    }
    Path errors = directory.resolve("errors.tsv");

    int status =
        run(
            "--bootstrapServers=" + fluss.bootstrapServers(),
            "--databasePrefix=" + prefix,
            "--events=" + log(),
            "--errors=" + errors);

    assertThat(err(), status, is(0));
    List<String> lines = Files.readAllLines(errors);
    assertThat(lines.toString(), lines.size(), is(1));
    assertThat(lines.get(0), allOf(startsWith("3\t"), containsString("this is no event")));
    assertThat(out(), containsString("2 rows written"));
  }

  @Test
  void linesToForecastStayAsTheyWerePlaced() throws Exception {
    String prefix = fluss.newDatabase() + "_";
    TableOptions options =
        TableOptions.defaults().withBucketNum(1).withNumRetention(-1).withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      ForecastTables.definitions(options).forEach(creator::create);
    }
    Path events =
        Files.writeString(
            directory.resolve("orders.csv"),
            """
            ts_ms,user_id,event,item_id,order_id,price,category,quantity,country
            1569888000000,1,order,10,o1,2.50,tea,3,France
            1569888000000,1,order,11,o1,1,tea,1,
            1569888001000,1,cancel,10,c1,2.50,tea,-2,France
            """);
    int status =
        run(
            "--bootstrapServers=" + fluss.bootstrapServers(),
            "--databasePrefix=" + prefix,
            "--events=" + events,
            "--shiftToToday=false",
            "--targets=FORECAST");
    assertThat(err(), status, is(0));
    try (Collected lines = new Collected()) {
      Pipeline pipeline = Pipeline.create();
      pipeline
          .apply(
              FlussIO.readContents()
                  .from(
                      FlussCluster.at(fluss.bootstrapServers()),
                      prefix + ForecastTables.DATABASE + "." + ForecastTables.ORDER_LINES)
                  .withColumns("order_source", "order_id", "amount", "ds"))
          .apply(lines.here());
      pipeline.run().waitUntilFinish();
      assertThat(
          lines.rows().stream().map(row -> row.getValues().toString()).toList(),
          contains("[France, o1, 7.500000, 20191001]", "[unknown, o1, 1.000000, 20191001]"));
    }
  }

  @Test
  void missingTablesAndServersAreNamed() throws Exception {
    assertThat(
        run(
            "--bootstrapServers=" + fluss.bootstrapServers(),
            "--databasePrefix=nowhere_",
            "--events=" + log()),
        is(2));
    assertThat(err(), containsString("nowhere_attribution.order_ri"));
    assertThat(run("--events=" + log()), is(2));
    assertThat(err(), containsString("bootstrapServers"));
  }
}
