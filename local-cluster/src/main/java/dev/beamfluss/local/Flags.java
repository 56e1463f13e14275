package dev.beamfluss.local;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The command line of a program that starts, shows and stops processes. */
final class Flags {
  /** Of programs that start processes. */
  static final List<String> PROCESSES = List.of("start", "stop", "status");

  private final String command;
  private final Map<String, String> values;

  private Flags(String command, Map<String, String> values) {
    this.command = command;
    this.values = values;
  }

  /**
   * Reads a command and flags, the last of several of one name.
   *
   * @param commands of which one must be given; none if there are none
   * @param defaults of all flags that there are; empty for one that may be left out
   * @throws IllegalArgumentException for another flag or command; the message ends with the usage
   */
  static Flags parse(
      String usage, List<String> commands, Map<String, String> defaults, String... args) {
    String command = null;
    Map<String, String> values = new TreeMap<>(defaults);
    for (String arg : args) {
      int equals = arg.indexOf('=');
      if (equals > 0 && defaults.containsKey(arg.substring(0, equals))) {
        values.put(arg.substring(0, equals), arg.substring(equals + 1));
      } else if (commands.contains(arg) && command == null) {
        command = arg;
      } else {
        throw new IllegalArgumentException("Unknown: " + arg + "\n" + usage);
      }
    }
    if (command == null && !commands.isEmpty()) {
      throw new IllegalArgumentException(
          "Say one of " + String.join(", ", commands) + ".\n" + usage);
    }
    return new Flags(command, values);
  }

  String command() {
    return command;
  }

  /**
   * A whole number.
   *
   * @throws IllegalArgumentException if it is not one of 1 to 65535
   */
  int number(String flag) {
    String value = values.get(flag);
    if (!value.matches("[1-9][0-9]{0,4}") || Integer.parseInt(value) > 65_535) {
      throw new IllegalArgumentException(
          flag + "=" + value + ": expected a whole number of at least 1, and at most 65535");
    }
    return Integer.parseInt(value);
  }

  /**
   * A text that must be given.
   *
   * @throws IllegalArgumentException if it is not
   */
  String text(String flag) {
    String value = values.get(flag);
    if (value.isBlank()) {
      throw new IllegalArgumentException(flag + " is missing");
    }
    return value;
  }

  /**
   * Addresses, or empty if the flag is left out.
   *
   * @throws IllegalArgumentException if it is no {@code HOST:PORT,...}
   */
  Optional<String> optionalAddresses(String flag) {
    String value = values.get(flag);
    if (value.isBlank()) {
      return Optional.empty();
    }
    String address = "[^:,\\[\\]\\s]+:[0-9]{1,5}";
    if (!value.matches(address + "(," + address + ")*")) {
      throw new IllegalArgumentException(flag + "=" + value + ": expected HOST:PORT,...");
    }
    return Optional.of(value);
  }

  /**
   * A path that must be given.
   *
   * @throws IllegalArgumentException if it is none
   */
  Path path(String flag) {
    return optionalPath(flag)
        .orElseThrow(() -> new IllegalArgumentException(flag + "=DIR is missing"));
  }

  /**
   * A path, or empty if the flag is left out.
   *
   * @throws IllegalArgumentException if it is none
   */
  Optional<Path> optionalPath(String flag) {
    String value = values.get(flag);
    if (value.isBlank()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(value).toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(flag + "=" + value + ": not a path", e);
    }
  }
}
