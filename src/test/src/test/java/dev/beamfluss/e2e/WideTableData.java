package dev.beamfluss.e2e;

import dev.beamfluss.demo.WideTableAnswer;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.EventInput;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import dev.beamfluss.pipelines.widetable.StatGrain;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.TimestampLtz;

/** The tables of scenario 2 under a name of their own, what happens, and what they then hold. */
final class WideTableData {
  private static final LocalDate LAST_DAY = LocalDate.of(2026, 3, 2);

  private final String bootstrapServers;
  private final String prefix =
      "e2e" + UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT) + "_";

  WideTableData(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
  }

  String prefix() {
    return prefix;
  }

  String database() {
    return prefix + WideTableTables.DATABASE;
  }

  TablePath path(String table) {
    return TablePath.of(database(), table);
  }

  FlussCluster cluster() {
    return FlussCluster.at(bootstrapServers);
  }

  /** For days long past. */
  void createTables(UnaryOperator<TableDefinition> change) {
    TableOptions options =
        TableOptions.defaults()
            .withBucketNum(2)
            .withNumPrecreate(0)
            .withNumRetention(-1)
            .withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      for (TableDefinition table : WideTableTables.definitions(options)) {
        creator.create(change.apply(table));
      }
    }
  }

  /**
   * Of a file that {@code -Dwidetable.events} names, or generated: with items that are in no
   * catalogue, and some events twice.
   */
  static List<Event> events(long seed, int users) throws Exception {
    List<Event> events = new ArrayList<>();
    String file = System.getProperty("widetable.events");
    if (file != null) {
      EventInput.file(
              Path.of(file), ZoneOffset.UTC, Integer.getInteger("widetable.days"), LAST_DAY, 1)
          .open(line -> {}, event -> {})
          .forEachRemaining(events::add);
      return events;
    }
    EventGenerator generator =
        EventGenerator.with(
            GeneratorOptions.defaults()
                .withSeed(seed)
                .withLastDay(LAST_DAY)
                .withUsers(users)
                .withActiveUsersPerDay(users * 2 / 3));
    for (Event event : generator) {
      events.add(event.line() % 50 == 0 ? postageOf(event) : event);
      if (event.line() % 97 == 0) {
        events.add(event);
      }
    }
    return events;
  }

  private static Event postageOf(Event event) {
    return new Event(
        event.line(),
        event.timestampMillis(),
        event.userId(),
        event.type(),
        "POSTAGE",
        event.orderId(),
        event.price(),
        event.category(),
        event.quantity(),
        event.country());
  }

  void replay(List<Event> events) throws InterruptedException {
    try (Replay replay =
        new Replay(
            cluster(),
            prefix,
            EnumSet.of(Replay.Target.WIDETABLE),
            0,
            IngestOptions.defaults(),
            line -> {})) {
      replay.run(events.iterator());
    }
  }

  /** Both wide tables. */
  Tables tables(Connection connection) {
    return new Tables(connection);
  }

  /** The wide tables as they are, in the form of {@link WideTableAnswer#cells}. */
  @SuppressWarnings("try") // an interrupt while closing fails the test
  final class Tables implements AutoCloseable {
    private final Map<StatGrain, TableMirror> mirrors = new HashMap<>();

    private final Connection connection;

    private Tables(Connection connection) {
      this.connection = connection;
      for (StatGrain grain : StatGrain.values()) {
        mirrors.put(grain, new TableMirror(connection, path(grain.table())));
      }
    }

    Map<WideTableAnswer.Cell, Map<String, Object>> cells() throws Exception {
      Map<WideTableAnswer.Cell, Map<String, Object>> cells = new HashMap<>();
      for (StatGrain grain : StatGrain.values()) {
        for (Map<String, Object> row : mirrors.get(grain).rows()) {
          Map<String, Object> columns = columns(row);
          if (!columns.isEmpty()) {
            cells.put(cell(grain, row), columns);
          }
        }
      }
      return cells;
    }

    /** A column of a wide table, where it is not null. */
    Map<WideTableAnswer.Cell, Object> column(String table, String column) throws Exception {
      Map<WideTableAnswer.Cell, Object> values = new HashMap<>();
      for (StatGrain grain : StatGrain.values()) {
        if (!grain.table().equals(table)) {
          continue;
        }
        // with the columns that the table has by now
        try (TableMirror mirror = new TableMirror(connection, path(table))) {
          for (Map<String, Object> row : mirror.rows()) {
            if (row.get(column) != null) {
              values.put(cell(grain, row), row.get(column));
            }
          }
        }
      }
      return values;
    }

    /** Writes another number of exposures into a row of the table of shops. */
    void plantExposures(WideTableAnswer.Cell cell, long count) {
      plant(StatGrain.SHOP, BehaviorStream.EXPOSURES, Map.of(cell, count));
    }

    /** Writes other counts into all rows: only who counts anew makes them right again. */
    void spoilCounts(Map<WideTableAnswer.Cell, Map<String, Object>> rows) {
      for (StatGrain grain : StatGrain.values()) {
        for (BehaviorStream stream : BehaviorStream.values()) {
          Map<WideTableAnswer.Cell, Long> wrong = new HashMap<>();
          rows.forEach(
              (cell, columns) -> {
                if (cell.table().equals(grain.table())
                    && columns.get(stream.countColumn()) instanceof Long count) {
                  wrong.put(cell, count + 1);
                }
              });
          plant(grain, stream, wrong);
        }
      }
    }

    private void plant(
        StatGrain grain, BehaviorStream stream, Map<WideTableAnswer.Cell, Long> counts) {
      Schema schema =
          Schema.builder()
              .addInt64Field(grain.idColumn())
              .addStringField(WideTableTables.DATE)
              .addStringField(WideTableTables.HOUR)
              .addInt64Field(stream.countColumn())
              .build();
      FlussTable table = cluster().describe(path(grain.table()).toString());
      try (TableWriter writer = TableWriter.openPartial(table, schema)) {
        counts.forEach(
            (cell, count) ->
                writer.upsert(
                    Row.withSchema(schema)
                        .attachValues(cell.id(), cell.date(), cell.hour(), count)));
        writer.flush();
      }
    }

    private static WideTableAnswer.Cell cell(StatGrain grain, Map<String, Object> row) {
      return new WideTableAnswer.Cell(
          grain.table(),
          (Long) row.get(grain.idColumn()),
          (String) row.get(WideTableTables.DATE),
          (String) row.get(WideTableTables.HOUR));
    }

    private static Map<String, Object> columns(Map<String, Object> row) {
      Map<String, Object> columns = new TreeMap<>();
      for (BehaviorStream stream : BehaviorStream.values()) {
        for (String column : stream.columns()) {
          Object value = row.get(column);
          boolean compared =
              value != null
                  && !column.equals(stream.versionColumn())
                  // the latest line of an order may be one that is cancelled
                  && !column.equals(BehaviorStream.ORDERS.timeColumn());
          if (!compared) {
            continue;
          }
          if (value instanceof TimestampLtz time) {
            columns.put(column, time.getEpochMillisecond());
          } else if (value instanceof BigDecimal amount
              ? amount.signum() != 0
              : !value.equals(0L)) {
            columns.put(column, value);
          }
        }
      }
      return columns;
    }

    @Override
    public void close() throws Exception {
      for (TableMirror mirror : mirrors.values()) {
        mirror.close();
      }
    }
  }
}
