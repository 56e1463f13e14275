package dev.beamfluss.pipelines.ingest;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventLogTest {

  private static final String HEADER = "ts_ms,user_id,event,item_id,order_id,price,category";

  @TempDir Path folder;
  private final List<RejectedLine> rejected = new ArrayList<>();

  @Test
  void readsColumnsByName() throws IOException {
    Path file =
        write(
            """
            category,price,note,order_id,item_id,event,user_id,ts_ms,quantity,country
            tea,2.50,x,o1,i1,order,u1,1000,3,DE
            """);

    assertThat(
        read(file),
        contains(
            new Event(
                2,
                1000,
                "u1",
                Event.Type.ORDER,
                "i1",
                "o1",
                new BigDecimal("2.50"),
                "tea",
                3,
                "DE")));
    assertThat(rejected, empty());
  }

  @Test
  void quantityAndCountryMayBeMissing() throws IOException {
    Path file = write(HEADER + "\n1,u,order,i,,1,\n2,u,cancel,i,,1,\n");

    List<Event> events = read(file);

    assertThat(events.stream().map(Event::quantity).toList(), contains(1, -1));
    assertThat(events.stream().map(Event::country).toList(), contains("", ""));
  }

  @Test
  void seesGzipByContentAndNotByName() throws IOException {
    Path file = folder.resolve("log.csv");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write((HEADER + "\n1,u,view,i,,1,\n").getBytes(StandardCharsets.UTF_8));
    }

    assertThat(read(file), hasSize(1));
  }

  @Test
  void readsQuotesByteOrderMarkAndCarriageReturns() throws IOException {
    Path file = write("\uFEFF" + HEADER + "\r\n1,\"u,1\",view,\"say \"\"tea\"\"\",\"\",1,\"\"\r\n");

    Event event = read(file).get(0);

    assertThat(event.userId(), equalTo("u,1"));
    assertThat(event.itemId(), equalTo("say \"tea\""));
    assertThat(event.category(), equalTo(""));
    assertThat(rejected, empty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "1,u,view,i,,1| 6 columns instead of 7",
        "1,u,view,i,,1,,x| 8 columns instead of 7",
        "''| 1 columns instead of 7",
        "x,u,view,i,,1,| ts_ms 'x' is not a whole number",
        "-1,u,view,i,,1,| event time -1 is not within",
        "253400000000001,u,view,i,,1,| is not within",
        "1,u,look,i,,1,| unknown event 'look'",
        "1,u,VIEW,i,,1,| unknown event 'VIEW'",
        "1,u,view,i,,,| price '' is not a number",
        "1,u,view,i,,1.x,| price '1.x' is not a number",
        "1,u,view,i,,1e999999999,| price is not a plain number",
        "1,\"u,view,i,,1,| a quote that is not closed",
        "1,\"u\"x,view,i,,1,| text after a closing quote",
        "1,u\"x,view,i,,1,| a quote inside an unquoted field",
      })
  void malformedLineIsRejectedAndTheRestGoesOn(String line, String reason) throws IOException {
    Path file = write(HEADER + "\n1,u,view,i,,1,\n" + line + "\n2,u,view,i,,1,\n");

    List<Event> events = read(file);

    assertThat(events.stream().map(Event::line).toList(), contains(2L, 4L));
    assertThat(rejected, hasSize(1));
    assertThat(rejected.get(0).line(), equalTo(3L));
    assertThat(rejected.get(0).raw(), equalTo(line));
    assertThat(
        rejected.get(0).reason().replace("''", "'"), containsString(reason.replace("''", "'")));
  }

  @Test
  void badQuantityIsRejected() throws IOException {
    Path file = write(HEADER + ",quantity\n1,u,order,i,,1,,1.5\n1,u,order,i,,1,,\n");

    assertThat(read(file), hasSize(1));
    assertThat(rejected.get(0).reason(), equalTo("quantity '1.5' is not a whole number"));
  }

  @Test
  void bytesThatAreNotUtf8RejectTheirLineOnly() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write((HEADER + "\n1,u").getBytes(StandardCharsets.UTF_8));
    bytes.write(0xff);
    bytes.write(",view,i,,1,\n2,ü,view,i,,1,\n".getBytes(StandardCharsets.UTF_8));
    Path file = Files.write(folder.resolve("log.csv"), bytes.toByteArray());

    assertThat(read(file).get(0).userId(), equalTo("ü"));
    assertThat(rejected.get(0).reason(), equalTo("not valid UTF-8"));
  }

  @Test
  void missingColumnNamesFileColumnAndHeader() throws IOException {
    Path file = write("ts_ms,user_id,event,item_id,order_id,category\n");

    Exception e = assertThrows(IllegalArgumentException.class, () -> read(file));

    assertThat(
        e.getMessage(),
        equalTo(
            file
                + ": column 'price' is missing in the header:"
                + " ts_ms,user_id,event,item_id,order_id,category"));
  }

  @Test
  void repeatedColumnIsAnError() throws IOException {
    Path file = write(HEADER + ",price\n");

    Exception e = assertThrows(IllegalArgumentException.class, () -> read(file));

    assertThat(e.getMessage(), containsString("column 'price' occurs twice"));
  }

  @Test
  void emptyFileIsAnError() throws IOException {
    Path file = write("");

    Exception e = assertThrows(IllegalArgumentException.class, () -> read(file));

    assertThat(e.getMessage(), equalTo(file + ": empty, not even a header"));
  }

  @Test
  void cutOffGzipNamesFileAndLine() throws IOException {
    Path file = folder.resolve("log.csv.gz");
    try (EventLogWriter writer = EventLog.at(file).create()) {
      for (int i = 0; i < 20_000; i++) {
        writer.write(Events.view("2026-01-01T00:00:00", "u" + i * 31));
      }
    }
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));

    Exception e = assertThrows(UncheckedIOException.class, () -> read(file));

    assertThat(e.getMessage(), containsString(file + ": cannot be read after line "));
  }

  @Test
  void writtenLogReadsBackPlainAndZipped() throws IOException {
    List<Event> events = new ArrayList<>();
    GeneratorOptions options =
        GeneratorOptions.defaults()
            .withLastDay(LocalDate.of(2026, 1, 2))
            .withUsers(300)
            .withActiveUsersPerDay(200);
    EventGenerator.with(options).forEach(event -> events.add(event.withLine(events.size() + 2)));
    events.add(
        new Event(
            events.size() + 2,
            0,
            "a \"b\", ü",
            Event.Type.CANCEL,
            ",",
            "\"",
            new BigDecimal("-0.10"),
            " ",
            -7,
            "United Kingdom"));

    for (String name : List.of("log.csv", "log.csv.gz")) {
      Path file = folder.resolve(name);
      try (EventLogWriter writer = EventLog.at(file).create()) {
        for (Event event : events) {
          writer.write(event);
        }
      }
      assertThat(read(file), equalTo(events));
    }
    assertThat(rejected, empty());
  }

  @Test
  void lineBreakCannotBeWritten() throws IOException {
    try (EventLogWriter writer = EventLog.at(folder.resolve("log.csv")).create()) {
      Event event = Events.view("2026-01-01T00:00:00", "a\nb");
      assertThrows(IllegalArgumentException.class, () -> writer.write(event));
    }
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("log.csv"), text);
  }

  private List<Event> read(Path file) throws IOException {
    List<Event> events = new ArrayList<>();
    try (EventLogReader reader = EventLog.at(file).open(rejected::add)) {
      reader.forEachRemaining(events::add);
    }
    return events;
  }
}
