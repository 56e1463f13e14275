package dev.beamfluss.pipelines.canary;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.pipelines.mapping.UnmappableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Random;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LineMapperTest {
  private static final Instant NOW = Instant.parse("2026-11-26T00:00:00Z");
  private static final String T = "\"t\": \"2026-11-25T10:00:00Z\"";

  private static LineMapper mapper(String zone, String args, String... columns) {
    String all =
        String.format(
            "{\"client\": \"tv\", \"zone\": \"%s\"%s, \"columns\": {%s}}",
            zone, args.isEmpty() ? "" : ", \"args\": \"" + args + "\"", String.join(", ", columns));
    return new LineMapper(
        ClientMapping.parse("tv", all),
        Duration.ofDays(400),
        Duration.ofDays(1),
        Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private static LineMapper with(String... columns) {
    String[] all = new String[columns.length + 1];
    all[0] = "\"event_time\": {\"path\": \"t\", \"time\": \"iso-8601\"}";
    System.arraycopy(columns, 0, all, 1, columns.length);
    return mapper("UTC", "ext", all);
  }

  private static Row map(LineMapper mapper, String fields) throws UnmappableException {
    return mapper.map("{" + T + (fields.isEmpty() ? "" : ", " + fields) + "}");
  }

  private static Object value(String mapped, String column, String fields) throws Exception {
    return map(with(mapped), fields).getValue(column);
  }

  private static void assertBad(LineMapper mapper, String line, String... said) {
    UnmappableException e = assertThrows(UnmappableException.class, () -> mapper.map(line));
    for (String part : said) {
      assertThat(e.getMessage(), containsString(part));
    }
  }

  private static void assertBadValue(String mapped, String fields, String... said) {
    assertBad(with(mapped), "{" + T + ", " + fields + "}", said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"time\": \"epoch-millis\" | 1764151200123 | 2025-11-26T10:00:00.123Z",
        "\"time\": \"epoch-millis\" | \"1764151200123\" | 2025-11-26T10:00:00.123Z",
        "\"time\": \"epoch-millis\" | 1764151200123.9 | 2025-11-26T10:00:00.123Z",
        "\"time\": \"epoch-millis\" | 1.7641512E12 | 2025-11-26T10:00:00Z",
        "\"time\": \"epoch-millis\" | -1 | 1969-12-31T23:59:59.999Z",
        "\"time\": \"epoch-seconds\" | 1764151200 | 2025-11-26T10:00:00Z",
        "\"time\": \"epoch-seconds\" | 1764151200.1239 | 2025-11-26T10:00:00.123Z",
        "\"time\": \"iso-8601\" | \"2025-11-26T10:00:00Z\" | 2025-11-26T10:00:00Z",
        "\"time\": \"iso-8601\" | \"2025-11-26T18:00:00.1239+08:00\" | 2025-11-26T10:00:00.123Z",
        "\"pattern\": \"dd/MM/uuuu HH:mm\", \"zone\": \"Asia/Shanghai\" | \"26/11/2025 18:00\" |"
            + " 2025-11-26T10:00:00Z",
        "\"pattern\": \"uuuu-MM-dd HH:mm:ssxx\", \"zone\": \"Asia/Shanghai\" |"
            + " \"2025-11-26 10:00:00+0000\" | 2025-11-26T10:00:00Z",
      })
  void times(String format, String value, String expected) throws Exception {
    assertThat(
        value(
            "\"receive_time\": {\"path\": \"r\", " + format + "}",
            "receive_time",
            "\"r\": " + value),
        is(Instant.parse(expected)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"time\": \"epoch-millis\" | \"today\" | is no number of milliseconds since 1970",
        "\"time\": \"epoch-millis\" | true | is no number of milliseconds",
        "\"time\": \"epoch-millis\" | 1e300 | is no number of milliseconds",
        "\"time\": \"epoch-millis\" | 1e-2000000000 | is no number of milliseconds",
        "\"time\": \"epoch-seconds\" | 1764151200123 | is not within the years 1 to 9999",
        "\"time\": \"iso-8601\" | \"2025-11-26T10:00:00\" | is no time of ISO-8601 with an offset",
        "\"time\": \"iso-8601\" | [1] | is an object or array",
        "\"pattern\": \"uuuu-MM-dd HH:mm\", \"zone\": \"UTC\" | \"2025-02-30 10:00\" |"
            + " is no time of the pattern uuuu-MM-dd HH:mm",
      })
  void wrongTimes(String format, String value, String reason) {
    String shown = value.replace("\"", "");
    assertBadValue(
        "\"receive_time\": {\"path\": \"r\", " + format + "}",
        "\"r\": " + value,
        "column receive_time: '" + (value.contains("e") ? "" : shown),
        reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.b[1].c", "a.b.1.c", "/a/b/1/c"})
  void nestedPaths(String path) throws Exception {
    Row row = map(with("\"page\": \"" + path + "\""), "\"a\": {\"b\": [0, {\"c\": \"x\"}]}");
    assertThat(row.getValue("page"), is("x"));
    assertThat("the rest", row.getValue("args"), is("a.b.0=0"));
  }

  @Test
  void pointersReachNamesWithDotsAndSlashes() throws Exception {
    assertThat(value("\"page\": \"/a.b/~1~0\"", "page", "\"a.b\": {\"/~\": \"x\"}"), is("x"));
  }

  @Test
  void aPathThatLeadsNowhereGivesNothingAndWhatIsThereIsKept() throws Exception {
    Row row = map(with("\"page\": \"a.b.c\""), "\"a\": {\"b\": \"x\"}");
    assertThat(row.getValue("page"), is(nullValue()));
    assertThat(row.getValue("args"), is("a.b=x"));
  }

  @Test
  void constantsTranslationsAndDefaults() throws Exception {
    assertThat(value("\"os_name\": {\"constant\": \"tvOS\"}", "os_name", ""), is("tvOS"));
    assertThat(value("\"shop_id\": {\"constant\": 7}", "shop_id", ""), is(7L));
    String event =
        "\"event\": {\"path\": \"e\", \"values\": {\"pv\": \"page_view\", \"\": \"none\"}}";
    assertThat(value(event, "event", "\"e\": \"pv\""), is("page_view"));
    assertThat("any other stays", value(event, "event", "\"e\": \"x\""), is("x"));
    assertThat(value(event, "event", "\"e\": \"\""), is("none"));
    String user =
        "\"user_id\": {\"path\": \"u\", \"values\": {\"-\": \"\", \"me\": 1}, \"default\": 9}";
    assertThat(value(user, "user_id", ""), is(9L));
    assertThat(value(user, "user_id", "\"u\": null"), is(9L));
    assertThat(value(user, "user_id", "\"u\": \"\""), is(9L));
    assertThat(value(user, "user_id", "\"u\": \"-\""), is(9L));
    assertThat(value(user, "user_id", "\"u\": \"me\""), is(1L));
    assertThat(value(user, "user_id", "\"u\": 5"), is(5L));
  }

  @Test
  void oneFieldMayFillSeveralColumns() throws Exception {
    Row row = map(with("\"page\": \"p\"", "\"scene\": \"p\""), "\"p\": \"x\"");
    assertThat(row.getValue("page"), is("x"));
    assertThat(row.getValue("scene"), is("x"));
  }

  @Test
  void types() throws Exception {
    assertThat(value("\"page\": \"v\"", "page", "\"v\": 1.10"), is("1.10"));
    assertThat(value("\"page\": \"v\"", "page", "\"v\": {\"a\": [1]}"), is("{\"a\":[1]}"));
    assertThat(value("\"page\": \"v\"", "page", "\"v\": \"\""), is(""));
    assertThat(value("\"user_id\": \"v\"", "user_id", "\"v\": \"12\""), is(12L));
    assertThat(value("\"user_id\": \"v\"", "user_id", "\"v\": 1e3"), is(1000L));
    assertThat(
        value("\"user_id\": \"v\"", "user_id", "\"v\": 9223372036854775807"), is(Long.MAX_VALUE));
    assertThat(value("\"position\": \"v\"", "position", "\"v\": -3.0"), is(-3));
    assertThat(value("\"fps\": \"v\"", "fps", "\"v\": \"59.9\""), is(59.9));
    assertThat(value("\"success\": \"v\"", "success", "\"v\": true"), is(true));
    assertThat(value("\"success\": \"v\"", "success", "\"v\": \"0\""), is(false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "user_id | \"12x\" | '12x' is no number",
        "user_id | 1.5 | '1.5' is no whole number",
        "user_id | 9223372036854775808 | '9223372036854775808' is no whole number",
        "user_id | 1e300 | is no whole number",
        "user_id | \"1e1000000000\" | is no whole number",
        "user_id | 1e-1000000000 | is no whole number",
        "user_id | true | 'true' is no number",
        "user_id | {\"a\": 1} | '{\"a\":1}' is an object or array; map one of its fields",
        "position | 2147483648 | '2147483648' is no whole number",
        "fps | \"1e400\" | is too great for a DOUBLE",
        "fps | \"NaN\" | 'NaN' is no number",
        "success | \"yes\" | 'yes' is none of true, false, 1 and 0",
      })
  void wrongValuesAreNamed(String column, String value, String said) {
    assertBadValue("\"" + column + "\": \"v\"", "\"v\": " + value, "column " + column + ": ", said);
  }

  @Test
  void longValuesAreShownInPart() {
    UnmappableException e =
        assertThrows(
            UnmappableException.class,
            () -> map(with("\"user_id\": \"v\""), "\"v\": \"" + "9".repeat(1_000_000) + "\""));
    assertThat(e.getMessage(), allOf(containsString("999..."), containsString("is no number")));
    assertThat(e.getMessage().length() < 200, is(true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "[]", "7", "null", "{\"a\": 1} {}", "{\"a\": NaN}", "{\"a\":"})
  void whatIsNoObjectIsBad(String line) {
    assertBad(with(), line, "it is no JSON");
  }

  @Test
  void doubtfulJsonIsBad() {
    assertBad(with(), "{" + T + ", \"a\": 1, \"a\": 1}", "no JSON that can be read", "'a'");
    assertBad(
        with(),
        "{" + T + ", \"a\": " + "[".repeat(100) + "]".repeat(100) + "}",
        "no JSON that can be read",
        "depth");
    assertBad(with(), "{" + T + ", \"a\": " + "9".repeat(401) + "}", "no JSON that can be read");
    for (String taken : new String[] {"\"fps\": \"v\"", "\"page\": \"v\"", "\"page\": \"w\""}) {
      assertBadValue(taken, "\"v\": 1e1000000000", "field v: its number is too great");
    }
  }

  @Test
  void whatIsJustNotTooMuchIsKept() throws Exception {
    Row row = map(with(), "\"a\": " + "[".repeat(99) + 1 + "]".repeat(99));
    assertThat(row.getString("args"), is("a" + ".0".repeat(99) + "=1"));
    String number = "9".repeat(400);
    assertThat(map(with(), "\"a\": " + number).getString("args"), is("a=" + number));
    assertThat(map(with(), "\"a\": 0.10, \"b\": 1e300").getString("args"), is("a=0.10,b=1E+300"));
  }

  @Test
  void anEventHasATime() {
    assertBad(with(), "{}", "column event_time", "no time of the event");
    assertBad(with(), "{\"t\": null}", "column event_time");
    assertBad(with(), "{\"t\": \"\"}", "column event_time");
    assertBad(with(), "{\"t\": \"noon\"}", "column event_time: 'noon'");
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-27T00:00:00Z, true",
    "2026-11-27T00:00:00.001Z, false",
    "2025-10-22T00:00:00Z, true",
    "2025-10-21T23:59:59.999Z, false",
    "1970-01-01T00:00:00Z, false",
    "9999-01-01T00:00:00Z, false"
  })
  void timesMustBePlausible(String time, boolean plausible) throws Exception {
    String line = "{\"t\": \"" + time + "\"}";
    if (plausible) {
      assertThat(with().map(line).getString("ds"), is(time.substring(0, 10).replace("-", "")));
    } else {
      assertBad(with(), line, "column event_time: '" + time, "400 days before and 1 after");
    }
  }

  @Test
  void theDayIsThatOfTheZone() throws Exception {
    String time = "\"event_time\": {\"path\": \"t\", \"time\": \"iso-8601\"}";
    String line = "{\"t\": \"2026-11-25T16:00:00Z\"}";
    assertThat(mapper("Asia/Shanghai", "", time).map(line).getString("ds"), is("20261126"));
    assertThat(mapper("UTC", "", time).map(line).getString("ds"), is("20261125"));
    assertThat(mapper("UTC", "", time).map(line).getString("client"), is("tv"));
    assertThat("no args", mapper("UTC", "", time).map(line).getString("args"), is(nullValue()));
  }

  @Test
  void argsOfTheClientAreMergedWithWhatNoColumnTakes() throws Exception {
    Row row =
        map(
            with("\"page\": \"ext.page\""),
            "\"z\": true, \"list\": [], \"none\": null,"
                + " \"ext\": {\"release_type\": \"grey\", \"page\": \"p\", \"deep\": {\"x\": 1}}");
    assertThat(row.getString("page"), is("p"));
    assertThat(row.getString("args"), is("deep.x=1,release_type=grey,z=true"));
    row = map(with(), "\"a\": 1, \"ext\": \"release_type=grey,,flag,sum=1=2\"");
    assertThat(row.getString("args"), is("a=1,flag=,release_type=grey,sum=1%3D2"));
    assertThat(
        "what KEYVALUE finds in it, it finds still",
        map(with(), "\"ext\": \"release_type,release_type=grey\"").getString("args"),
        is("release_type=grey,release_type#2="));
    assertThat(map(with(), "\"ext\": [7]").getString("args"), is("ext.0=7"));
    assertThat(map(with(), "\"ext\": \"\"").getString("args"), is(nullValue()));
  }

  @Test
  void theClientsOwnArgsKeepTheirKeys() throws Exception {
    String before = "\"release_type\": \"base\", \"ext\": {\"release_type\": \"grey\"}";
    String after = "\"ext\": \"release_type=grey,release_type=x\", \"release_type\": \"base\"";
    assertThat(map(with(), before).getString("args"), is("release_type=grey,release_type#2=base"));
    assertThat(
        map(with(), after).getString("args"),
        is("release_type=grey,release_type#2=x,release_type#3=base"));
    assertThat(map(with(), "\"a.b\": 1, \"a\": {\"b\": 1}").getString("args"), is("a.b=1"));
    assertThat(map(with(), "\"a.b\": 1, \"a\": {\"b\": 2}").getString("args"), is("a.b=1,a.b#2=2"));
  }

  @Test
  void separatorsInKeysAndValuesAreEncoded() throws Exception {
    String args =
        map(with(), "\"k,=%\": \"a,b=c%2C\\r\\nd\", \"plain\": \"&+ ;\"").getString("args");
    assertThat(args, is("k%2C%3D%25=a%2Cb%3Dc%252C%0D%0Ad,plain=&+ ;"));
    assertThat(KeyValues.of(args), is(Map.of("k,=%", "a,b=c%2C\r\nd", "plain", "&+ ;")));
  }

  @Test
  void anyTextIsReadBack() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    String letters = "ab,=%\n\r+ &é2C";
    for (int i = 0; i < 200; i++) {
      StringBuilder text = new StringBuilder();
      for (int j = random.nextInt(12); j >= 0; j--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      String json = text.toString().replace("\n", "\\n").replace("\r", "\\r");
      String args = map(with(), "\"k" + json + "\": \"" + json + "\"").getString("args");
      assertThat(KeyValues.of(args), is(Map.of("k" + text, text.toString())));
    }
  }
}
