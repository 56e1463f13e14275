package dev.beamfluss.pipelines.canary;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientMappingTest {
  private static final String TIME = "\"event_time\": {\"path\": \"t\", \"time\": \"iso-8601\"}";

  private static String mapping(String columns) {
    return "{\"client\": \"tv\", \"zone\": \"UTC\", \"columns\": {" + columns + "}}";
  }

  private static void assertRefused(String json, String... said) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ClientMapping.parse("tv", json));
    assertThat(e.getMessage(), containsString("Mapping of client tv"));
    for (String part : said) {
      assertThat(e.getMessage(), containsString(part));
    }
  }

  private static void assertColumnRefused(String column, String... said) {
    assertRefused(mapping(TIME + ", " + column), said);
  }

  @Test
  void whatIsNoMappingIsRefused() {
    assertRefused("{\"client\": ", "is no valid JSON in line 1");
    assertRefused("{} {}", "is no valid JSON");
    assertRefused("[1]", "must be a JSON object, not '[1]'");
    assertRefused(
        "{\"client\": \"tv\", \"clinet\": 1}", "\"clinet\" is not known", "[args, client");
    assertRefused("{\"zone\": \"UTC\"}", "\"client\" must be a text, not 'null'");
    assertRefused("{\"client\": \"radio\"}", "is that of client 'radio'");
    assertRefused("{\"client\": \"tv\"}", "\"zone\" must be a text");
    assertRefused(
        "{\"client\": \"tv\", \"zone\": \"Mars/North\"}", "'Mars/North' is no time zone", "UTC");
    assertRefused(
        "{\"client\": \"tv\", \"zone\": \"UTC\", \"args\": 7}", "\"args\" must be a text");
    assertRefused("{\"client\": \"tv\", \"zone\": \"UTC\"}", "must have an object \"columns\"");
    assertRefused(mapping(""), "add the column event_time");
  }

  @Test
  void duplicatesAreRefused() {
    assertColumnRefused("\"page\": \"a\", \"page\": \"b\"", "Duplicate field 'page'");
    assertColumnRefused(
        "\"page\": {\"path\": \"a\", \"values\": {\"x\": \"1\", \"x\": \"2\"}}",
        "Duplicate field 'x'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"client", "args", "ds"})
  void columnsThatAreFilledAnywayAreRefused(String column) {
    assertColumnRefused("\"" + column + "\": \"a\"", "column " + column, "Leave it out");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"pgae\": \"a\" | column pgae: the table has no such column",
        "\"page\": 7 | column page: must be a path or an object, not '7'",
        "\"page\": {} | column page: must have one of \"path\" and \"constant\"",
        "\"page\": {\"path\": \"a\", \"constant\": 1} | column page: must have one of",
        "\"page\": {\"constant\": 1, \"default\": 2} | column page: is a constant",
        "\"page\": {\"pth\": \"a\"} | column page: \"pth\" is not known; there are [constant,",
        "\"page\": {\"path\": 1} | column page: \"path\" must be a text, not '1'",
        "\"page\": {\"path\": \"a\", \"time\": \"iso-8601\"} | column page: is a STRING, no time",
        "\"page\": {\"path\": \"a\", \"values\": []} | column page: \"values\" must be an object",
        "\"page\": {\"path\": \"a\", \"values\": {\"x\": null}} | column page: must be a text, a",
        "\"page\": {\"path\": \"a\", \"default\": []} | column page: must be a text, a number",
        "\"page\": {\"constant\": null} | column page: must be a text, a number",
        "\"page\": \"\" | column page: '' is no path",
        "\"page\": \"a..b\" | column page: 'a..b' is no path",
        "\"page\": \"a[x].\" | column page: 'a[x].' is no path",
        "\"user_id\": {\"constant\": \"x\"} | column user_id: value 'x' is no number",
        "\"user_id\": {\"path\": \"a\", \"default\": 1.5} | value '1.5' is no whole number",
        "\"position\": {\"path\": \"a\", \"default\": 2147483648} | column position: value",
        "\"success\": {\"path\": \"a\", \"values\": {\"OK\": \"yes\"}} | 'yes' is none of true,",
        "\"receive_time\": \"a\" | column receive_time: must be an object with the \"time\"",
        "\"receive_time\": {\"path\": \"a\"} | column receive_time: is a time, so it has either",
        "\"receive_time\": {\"path\": \"a\", \"pattern\": \"uuuu\"} | so it has either",
        "\"receive_time\": {\"path\": \"a\", \"time\": \"iso-8601\", \"zone\": \"UTC\"} | either",
        "\"receive_time\": {\"path\": \"a\", \"time\": \"unix\"} | 'unix' is no format of times",
        "\"receive_time\": {\"path\": \"a\", \"pattern\": \"uuuu\", \"zone\": \"X\"} | time zone",
        "\"receive_time\": {\"path\": \"a\", \"pattern\": \"b\", \"zone\": \"UTC\"} | no pattern",
        "\"receive_time\": {\"path\": \"a\", \"pattern\": \"uuuu-MM\", \"zone\": \"UTC\"} | 'uuuu-MM'",
        "\"receive_time\": {\"path\": \"a\", \"pattern\": \"yyyy-MM-dd HH:mm\", \"zone\": \"UTC\"} |"
            + " with uuuu for the year",
        "\"page\": \"a\", \"scene\": \"a.b\" | column scene: its path [a, b] leads into what",
        "\"page\": \"t\", \"scene\": \"t[0]\" | column scene: its path [t, 0] leads into what",
      })
  void wrongColumnsAreRefused(String column, String said) {
    assertColumnRefused(column, said);
  }

  @Test
  void anEventsTimeIsNotMadeUp() {
    for (String madeUp : new String[] {"\"path\": \"t\", \"default\": 1", "\"constant\": 1"}) {
      assertRefused(
          mapping("\"event_time\": {\"time\": \"epoch-millis\", " + madeUp + "}"),
          "column event_time",
          "Leave \"constant\" and \"default\" out");
    }
  }

  @Test
  void argsAreNotTakenByAColumn() {
    String columns = TIME + ", \"page\": \"x\"";
    String json = mapping(columns).replace("\"columns\"", "\"args\": \"x\", \"columns\"");
    assertRefused(json, "column page", "\"args\"");
    assertRefused(json.replace("\"args\": \"x\"", "\"args\": \"x.y\""), "column page", "\"args\"");
  }

  @Test
  void missingMappingsAreNamed(@TempDir Path directory) throws Exception {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ClientMapping.shipped("tv"));
    assertThat(e.getMessage(), containsString("client 'tv', only for [ios, android,"));
    e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ClientMapping.ofFile("tv", directory.resolve("tv.json")));
    assertThat(e.getMessage(), containsString("tv.json"));
    Path file = Files.writeString(directory.resolve("tv.json"), mapping(TIME));
    assertThat(ClientMapping.ofFile("tv", file).toString(), containsString("tv"));
  }
}
