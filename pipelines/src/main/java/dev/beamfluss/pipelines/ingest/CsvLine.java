package dev.beamfluss.pipelines.ingest;

import java.util.ArrayList;
import java.util.List;

/**
 * One line of RFC 4180 CSV. A record is one line: line breaks inside quotes are refused, so that
 * one stray quote costs its own line and not the rest of the file.
 */
final class CsvLine {

  private CsvLine() {}

  /**
   * The fields of a line.
   *
   * @throws IllegalArgumentException if its quotes do not pair up
   */
  static List<String> split(String line) {
    List<String> fields = new ArrayList<>(10);
    int at = 0;
    while (at <= line.length()) {
      at =
          at < line.length() && line.charAt(at) == '"'
              ? quoted(line, at, fields)
              : plain(line, at, fields);
    }
    return fields;
  }

  private static int plain(String line, int start, List<String> fields) {
    int comma = line.indexOf(',', start);
    int end = comma < 0 ? line.length() : comma;
    String field = line.substring(start, end);
    if (field.indexOf('"') >= 0) {
      throw new IllegalArgumentException("a quote inside an unquoted field");
    }
    fields.add(field);
    return end + 1;
  }

  private static int quoted(String line, int start, List<String> fields) {
    StringBuilder field = new StringBuilder();
    int from = start + 1;
    while (true) {
      int quote = line.indexOf('"', from);
      if (quote < 0) {
        throw new IllegalArgumentException("a quote that is not closed on its line");
      }
      field.append(line, from, quote);
      int after = quote + 1;
      if (after == line.length() || line.charAt(after) == ',') {
        fields.add(field.toString());
        return after + 1;
      }
      if (line.charAt(after) != '"') {
        throw new IllegalArgumentException("text after a closing quote");
      }
      field.append('"');
      from = after + 1;
    }
  }

  /**
   * The line that {@link #split} reads back as these fields.
   *
   * @throws IllegalArgumentException if a field contains a line break
   */
  static String join(List<String> fields) {
    StringBuilder line = new StringBuilder();
    for (String field : fields) {
      if (field.indexOf('\n') >= 0 || field.indexOf('\r') >= 0) {
        throw new IllegalArgumentException("a field with a line break cannot be written");
      }
      line.append(line.isEmpty() ? "" : ",").append(escape(field));
    }
    return line.toString();
  }

  private static String escape(String field) {
    boolean plain = field.indexOf(',') < 0 && field.indexOf('"') < 0;
    return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
  }
}
