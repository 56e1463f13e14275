package dev.beamfluss.pipelines;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the CREATE TABLE statements of the reference into facts, a line of text each, such as
 * {@code "column pv" -> "BIGINT"}. Knows the part of SQL that the reference uses and refuses the
 * rest.
 */
final class ReferenceDdl {

  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<comment>--[^\\n]*)|'(?<text>[^']*)'|`(?<quoted>[^`]*)`"
              + "|(?<word>[A-Za-z_0-9]+)|(?<sign>[(),.=;])|(?<space>\\s+)|(?<other>.)");

  private static final Pattern SCENARIO = Pattern.compile("--\\s*scenario:\\s*(\\w+)");

  private enum Kind {
    TEXT,
    NAME,
    SIGN
  }

  private record Token(Kind kind, String value, int line) {}

  private final Deque<Token> tokens = new ArrayDeque<>();

  /** Comments that stand behind something on their line. */
  private final Map<Integer, String> trailingComments = new HashMap<>();

  private final Map<Integer, String> scenarios = new TreeMap<>();

  private ReferenceDdl(String sql) {
    int line = 1;
    Set<Integer> linesWithTokens = new HashSet<>();
    Matcher matcher = TOKEN.matcher(sql);
    while (matcher.find()) {
      if (matcher.group("comment") != null) {
        String comment = matcher.group("comment");
        Matcher scenario = SCENARIO.matcher(comment);
        if (scenario.matches()) {
          scenarios.put(line, scenario.group(1));
        } else if (linesWithTokens.contains(line)) {
          trailingComments.put(line, comment.substring(2).strip());
        }
      } else if (matcher.group("other") != null) {
        throw new IllegalArgumentException("Line " + line + ": unexpected " + matcher.group());
      } else if (matcher.group("space") == null) {
        linesWithTokens.add(line);
        tokens.add(token(matcher, line));
      }
      line += (int) matcher.group().chars().filter(c -> c == '\n').count();
    }
  }

  private static Token token(Matcher matcher, int line) {
    if (matcher.group("text") != null) {
      return new Token(Kind.TEXT, matcher.group("text"), line);
    }
    if (matcher.group("quoted") != null) {
      return new Token(Kind.NAME, matcher.group("quoted"), line);
    }
    if (matcher.group("word") != null) {
      return new Token(Kind.NAME, matcher.group("word"), line);
    }
    return new Token(Kind.SIGN, matcher.group("sign"), line);
  }

  /**
   * Reads statements.
   *
   * @param placeholders what {@code ${NAME}} stands for
   * @return the facts of each table, by {@code scenario.table}
   */
  static Map<String, Map<String, String>> parse(String sql, Map<String, String> placeholders) {
    String filled = sql;
    for (Map.Entry<String, String> placeholder : placeholders.entrySet()) {
      filled = filled.replace("${" + placeholder.getKey() + "}", placeholder.getValue());
    }
    if (filled.contains("${")) {
      throw new IllegalArgumentException("A placeholder has no value: " + filled);
    }
    ReferenceDdl ddl = new ReferenceDdl(filled);
    Map<String, Map<String, String>> tables = new LinkedHashMap<>();
    while (!ddl.tokens.isEmpty()) {
      ddl.createTable(tables);
    }
    return tables;
  }

  private void createTable(Map<String, Map<String, String>> tables) {
    int line = tokens.element().line();
    expect("CREATE");
    expect("TABLE");
    if (accept("IF")) {
      expect("NOT");
      expect("EXISTS");
    }
    List<String> path = new ArrayList<>(List.of(name()));
    while (accept(".")) {
      path.add(name());
    }
    Map<String, String> facts = new TreeMap<>();
    if (path.size() > 1) {
      facts.put("database", path.get(path.size() - 2));
    }

    List<String> columns = new ArrayList<>();
    List<String> primaryKey = new ArrayList<>();
    expect("(");
    do {
      if (accept("PRIMARY")) {
        expect("KEY");
        primaryKey.addAll(names());
        expect("NOT");
        expect("ENFORCED");
      } else {
        columns.add(column(facts));
      }
    } while (accept(","));
    expect(")");
    facts.put("columns", String.join(", ", columns));
    facts.put("primary key", String.join(", ", primaryKey));
    for (String column : primaryKey) {
      facts.computeIfPresent(
          "column " + column,
          (fact, type) -> type.endsWith(" NOT NULL") ? type : type + " NOT NULL");
    }

    if (accept("COMMENT")) {
      facts.put("comment", text());
    }
    List<String> partitionKey = new ArrayList<>();
    if (accept("PARTITIONED")) {
      expect("BY");
      partitionKey.addAll(names());
    }
    facts.put("partition key", String.join(", ", partitionKey));
    // Without a bucket key Fluss takes the primary key, less the partition key.
    List<String> bucketKey = new ArrayList<>(primaryKey);
    bucketKey.removeAll(partitionKey);
    facts.put("bucket key", String.join(", ", bucketKey));
    if (accept("WITH")) {
      expect("(");
      do {
        String key = text();
        expect("=");
        option(key, text(), facts);
      } while (accept(","));
      expect(")");
    }
    expect(";");

    String scenario = null;
    for (Map.Entry<Integer, String> candidate : scenarios.entrySet()) {
      if (candidate.getKey() < line) {
        scenario = candidate.getValue();
      }
    }
    String table = scenario + "." + path.get(path.size() - 1);
    if (tables.put(table, facts) != null) {
      throw new IllegalArgumentException("Two tables " + table);
    }
  }

  private String column(Map<String, String> facts) {
    String name = name();
    StringBuilder type = new StringBuilder(name());
    if (accept("(")) {
      type.append('(').append(name()).append(')');
      expect(")");
    }
    int line = tokens.element().line();
    if (accept("NOT")) {
      expect("NULL");
      type.append(" NOT NULL");
    }
    facts.put("column " + name, type.toString());
    if (accept("COMMENT")) {
      facts.put("comment of column " + name, text());
    } else if (trailingComments.containsKey(line)) {
      facts.put("comment of column " + name, trailingComments.get(line));
    }
    return name;
  }

  private static void option(String key, String value, Map<String, String> facts) {
    Matcher aggregation = Pattern.compile("fields\\.(\\w+)\\.agg").matcher(key);
    if (key.equals("bucket.key")) {
      facts.put("bucket key", value.replace(",", ", "));
    } else if (key.equals("bucket.num")) {
      facts.put("buckets", value);
    } else if (key.equals("auto-increment.fields")) {
      facts.put("auto-increment", value);
    } else if (aggregation.matches()) {
      facts.put("aggregation of column " + aggregation.group(1), value);
    } else if (key.startsWith("table.")) {
      facts.put("option " + key, value);
    } else {
      throw new IllegalArgumentException("An option nobody knows: " + key);
    }
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    expect("(");
    do {
      names.add(name());
    } while (accept(","));
    expect(")");
    return names;
  }

  private String name() {
    return take(Kind.NAME);
  }

  private String text() {
    return take(Kind.TEXT);
  }

  private String take(Kind kind) {
    Token token = tokens.remove();
    if (token.kind() != kind) {
      throw new IllegalArgumentException("Expected a " + kind + " instead of " + token);
    }
    return token.value();
  }

  private boolean accept(String wanted) {
    Token token = tokens.element();
    if (token.kind() != Kind.TEXT && token.value().equals(wanted)) {
      tokens.remove();
      return true;
    }
    return false;
  }

  private void expect(String wanted) {
    if (!accept(wanted)) {
      throw new IllegalArgumentException("Expected " + wanted + " before " + tokens.peek());
    }
  }
}
