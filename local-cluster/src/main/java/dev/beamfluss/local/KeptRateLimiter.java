package dev.beamfluss.local;

import java.lang.reflect.Field;
import org.apache.fluss.server.kv.KvManager;
import org.apache.fluss.server.tablet.TabletServer;

/**
 * Lets a tablet server stop while it is still making tablets. Fluss 0.9.1 frees the rate limiter
 * that all RocksDB instances share when it stops, and goes on answering the coordinator for a
 * while: an instance that is opened with it then takes the JVM with it.
 */
final class KeptRateLimiter {
  private KeptRateLimiter() {}

  /**
   * Takes the limiter away from a server that is about to stop, so that it is not freed and a
   * tablet that comes late is refused. By reflection, as nobody else is meant to.
   */
  static void takeFrom(TabletServer server) {
    try {
      Field of = TabletServer.class.getDeclaredField("kvManager");
      of.setAccessible(true);
      Object manager = of.get(server);
      if (manager != null) {
        Field limiter = KvManager.class.getDeclaredField("sharedRocksDBRateLimiter");
        limiter.setAccessible(true);
        limiter.set(manager, null);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This build of Fluss has no rate limiter to keep", e);
    }
  }
}
