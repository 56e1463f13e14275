package dev.beamfluss.local;

import java.nio.file.Path;

/** Where the project is: system property {@code beamfluss.home}, else the current directory. */
final class Home {
  private Home() {}

  static Path path(String relative) {
    return Path.of(System.getProperty("beamfluss.home", ".")).resolve(relative);
  }
}
