package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.io.Serializable;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Where properties are that a pipeline must not carry, such as passwords: a file, or an environment
 * variable. Only the name of the place is part of the pipeline; each process that needs the
 * properties, the one that submits as well as each worker, reads them itself. They are written as a
 * Java properties file: {@code key = value} a line, {@code #} begins a comment line, and a {@code
 * \} stands as {@code \\}.
 *
 * <p>No message, log line or {@link #toString} of this class shows a value.
 */
public final class ExternalProperties implements Serializable {
  private static final String ENVIRONMENT = "env:";

  // in people's savepoints, with FlussCluster
  private static final long serialVersionUID = 1L;

  private final String place;

  private ExternalProperties(String place) {
    this.place = place;
  }

  /**
   * Names the place; it is not read yet.
   *
   * @param place a file, or {@code env:NAME} for an environment variable that has the text itself
   * @throws IllegalArgumentException if it names nothing
   */
  public static ExternalProperties at(String place) {
    if (place.isBlank() || place.equals(ENVIRONMENT)) {
      throw new IllegalArgumentException(
          "'"
              + place
              + "' names no place of properties. Give a file, or env:NAME for an environment"
              + " variable.");
    }
    return new ExternalProperties(place);
  }

  /**
   * What stands there now, in this process.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  public Map<String, String> read() {
    String text = text();
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(text));
    } catch (IOException | IllegalArgumentException e) {
      // without the cause, which may tell a part of the text
      throw new IllegalArgumentException(
          String.format("What is in %s is no Java properties file: it has a wrong \\u.", this));
    }
    Map<String, String> result = new TreeMap<>();
    properties.stringPropertyNames().forEach(key -> result.put(key, properties.getProperty(key)));
    return Collections.unmodifiableMap(result);
  }

  private String text() {
    if (place.startsWith(ENVIRONMENT)) {
      String text = System.getenv(place.substring(ENVIRONMENT.length()));
      if (text == null) {
        throw missing("is not set", null);
      }
      return text;
    }
    try {
      return Files.readString(Path.of(place));
    } catch (IOException | InvalidPathException e) {
      throw missing("cannot be read (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  private IllegalArgumentException missing(String what, @Nullable Exception cause) {
    return new IllegalArgumentException(
        String.format(
            "The %s %s on this machine. Each process that needs its properties reads them: the one"
                + " that submits, and each worker.",
            this, what),
        cause);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ExternalProperties that && place.equals(that.place);
  }

  @Override
  public int hashCode() {
    return place.hashCode();
  }

  /** The place. */
  @Override
  public String toString() {
    return place.startsWith(ENVIRONMENT)
        ? "environment variable " + place.substring(ENVIRONMENT.length())
        : "file " + place;
  }
}
