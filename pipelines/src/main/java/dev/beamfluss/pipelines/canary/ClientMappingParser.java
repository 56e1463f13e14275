package dev.beamfluss.pipelines.canary;

import com.fasterxml.jackson.databind.JsonNode;
import dev.beamfluss.pipelines.mapping.ColumnMapping;
import dev.beamfluss.pipelines.mapping.MappingParser;
import java.time.ZoneId;
import java.util.List;
import java.util.Set;

/** Reads a {@link ClientMapping}, and refuses all that it does not understand. */
final class ClientMappingParser {
  private static final Set<String> KEYS = Set.of("client", "zone", "args", "columns");

  private final String client;
  private final MappingParser parser;

  ClientMappingParser(String client) {
    this.client = client;
    this.parser =
        new MappingParser(
            "client " + client,
            PageLogColumns.schema(),
            Set.of(PageLogColumns.CLIENT, PageLogColumns.ARGS, PageLogColumns.DS));
  }

  ClientMapping parse(String json) {
    JsonNode mapping = parser.object(json, KEYS);
    String named = parser.text(mapping, "client");
    if (!client.equals(named)) {
      throw parser.wrong(
          String.format("is that of client '%s'. Name the client that the mapping is of", named));
    }
    ZoneId zone = parser.zone(mapping, "zone");
    List<String> args = parser.path(mapping, "args");
    List<ColumnMapping> columns = parser.columns(mapping, zone);
    requireEventTime(columns);
    columns.forEach(column -> requireApart(column, args));
    return new ClientMapping(client, zone, args, columns);
  }

  private void requireEventTime(List<ColumnMapping> columns) {
    ColumnMapping time =
        columns.stream()
            .filter(column -> column.column().equals(PageLogColumns.EVENT_TIME))
            .findAny()
            .orElseThrow(
                () ->
                    parser.wrong(
                        String.format(
                            "does not say where the time of an event is: add the column %s",
                            PageLogColumns.EVENT_TIME)));
    if (time.otherwise() != null) {
      throw parser.wrong(
          String.format(
              "column %s: every event has a time of its own. Leave \"constant\" and \"default\" out:"
                  + " a line without a time goes to the dead letters",
              PageLogColumns.EVENT_TIME));
    }
  }

  /** A path of a column may lead into the args, but not take them. */
  private void requireApart(ColumnMapping column, List<String> args) {
    boolean isConstant = column.path().isEmpty();
    if (!isConstant
        && (column.path().equals(args) || MappingParser.leadsInto(column.path(), args))) {
      throw parser.wrong(
          String.format(
              "column %s: takes what \"args\" is said to be. Leave one of them out",
              column.column()));
    }
  }
}
