package dev.beamfluss.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Settings of servers, {@code KEY: VALUE} a line, and the ports they ask for. */
final class Settings {
  private static final int CONNECT_MILLIS = 5_000;

  private Settings() {}

  /**
   * The settings in a file; {@code #} begins a comment.
   *
   * @throws IllegalArgumentException if the file cannot be read, or a line is none
   */
  static Map<String, String> read(Path file) {
    Map<String, String> settings = new LinkedHashMap<>();
    try {
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        String setting = line.replaceFirst("(^|\\s)#.*", "").strip();
        if (setting.isEmpty()) {
          continue;
        }
        int colon = setting.indexOf(": ");
        if (colon < 0) {
          throw new IllegalArgumentException(
              file + ", line " + number + ": expected KEY: VALUE, found '" + setting + "'");
        }
        settings.put(setting.substring(0, colon), setting.substring(colon + 1).strip());
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("Cannot read the settings in " + file, e);
    }
    return settings;
  }

  static void write(Path file, Map<String, String> settings) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(
        file,
        new TreeMap<>(settings)
            .entrySet().stream().map(each -> each.getKey() + ": " + each.getValue()).toList());
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /**
   * Sees that nobody listens at a port of this machine.
   *
   * @param what who is about to
   * @throws IllegalStateException if somebody does
   */
  static void checkFree(int port, String what, String whatToDo) {
    try (ServerSocket socket = new ServerSocket()) {
      // as the servers do: a port that was just left is free
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
    } catch (IOException e) {
      throw new IllegalStateException(
          "Port " + port + ", for " + what + ", is taken by another process: " + whatToDo, e);
    }
  }

  /**
   * Sees that somebody listens at an address.
   *
   * @param address host and port
   * @param what who should
   * @throws IllegalStateException if nobody does
   */
  static void checkTaken(String address, String what, String whatToDo) {
    int colon = address.lastIndexOf(':');
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(
              address.substring(0, colon),
              Integer.parseInt(address, colon + 1, address.length(), 10)),
          CONNECT_MILLIS);
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "Nobody answers at " + address + ", for " + what + ": " + whatToDo, e);
    }
  }
}
