package dev.beamfluss.local;

import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Runs a {@link LocalFluss} cluster until the process is told to stop (Ctrl-C).
 *
 * <p>Flags, all optional: {@code --tablet-servers=N} (default 1), {@code --directory=DIR} where to
 * keep the data (default: a temporary directory, deleted at the end), {@code --warehouse=DIR} to
 * accept lake tables, keep their Paimon side in DIR and tier rows to it (default: no lake tables).
 *
 * <p>Prints one line, {@code bootstrap.servers=localhost:PORT}, when clients can connect. A wrong
 * flag ends the process with status 2, a failed start with status 1.
 */
public final class LocalFlussMain {

  private LocalFlussMain() {}

  /** Starts the cluster and waits for ever. */
  public static void main(String[] args) throws InterruptedException {
    LocalFluss.Builder builder;
    try {
      builder = parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      return;
    }
    try {
      run(builder, System.out);
    } catch (IllegalStateException e) {
      e.printStackTrace();
      System.exit(1);
    }
    new CountDownLatch(1).await();
  }

  private static void run(LocalFluss.Builder builder, PrintStream out) {
    LocalFluss cluster = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::close, "local-fluss-close"));
    out.println("bootstrap.servers=" + cluster.bootstrapServers());
    out.flush();
  }

  /**
   * Turns flags into a cluster's description.
   *
   * @throws IllegalArgumentException for an unknown flag or a value that makes no sense; the
   *     message says which, and what there is
   */
  static LocalFluss.Builder parse(String... args) {
    LocalFluss.Builder builder = LocalFluss.builder();
    for (String arg : args) {
      int equals = arg.indexOf('=');
      String flag = equals < 0 ? arg : arg.substring(0, equals);
      String value = equals < 0 ? "" : arg.substring(equals + 1);
      switch (flag) {
        case "--tablet-servers" -> builder.tabletServers(number(arg, value));
        case "--directory" -> builder.directory(path(arg, value));
        case "--warehouse" -> builder.warehouse(path(arg, value)).tiering();
        default ->
            throw new IllegalArgumentException(
                "Unknown flag "
                    + arg
                    + "; there are --tablet-servers=N, --directory=DIR and --warehouse=DIR");
      }
    }
    return builder;
  }

  private static int number(String arg, String value) {
    try {
      int number = Integer.parseInt(value);
      if (number >= 1) {
        return number;
      }
    } catch (NumberFormatException e) {
      // falls through to the one message for all wrong numbers
    }
    throw new IllegalArgumentException(arg + ": expected a whole number of at least 1");
  }

  private static Path path(String arg, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(arg + ": expected a directory after the '='");
    }
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(arg + ": not a path: " + e.getMessage(), e);
    }
  }
}
