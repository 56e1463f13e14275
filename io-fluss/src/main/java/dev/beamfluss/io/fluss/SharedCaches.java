package dev.beamfluss.io.fluss;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The caches of this JVM's lookups. Lookups of the same table, key, columns and cache options have
 * one together, which is dropped when the last of them is closed.
 */
final class SharedCaches {
  /**
   * Lookups that insert are on their own: what others know as missing, they must insert.
   *
   * @param tableId tells a table from one of the same name that was there before
   */
  private record Key(
      FlussCluster cluster,
      long tableId,
      List<String> by,
      List<String> columns,
      LookupCache options,
      boolean insertsMissing) {}

  private static final class Shared {
    private final Cache<LookupKey, List<Row>> cache;
    private int leases;

    Shared(LookupCache options) {
      cache = cache(options);
    }
  }

  private static final Map<Key, Shared> SHARED = new HashMap<>();

  private SharedCaches() {}

  static final class Lease implements AutoCloseable {
    private final Key key;
    private final Cache<LookupKey, List<Row>> cache;
    private boolean returned;

    private Lease(Key key, Cache<LookupKey, List<Row>> cache) {
      this.key = key;
      this.cache = cache;
    }

    @Nullable List<Row> get(LookupKey lookupKey) {
      return cache.getIfPresent(lookupKey);
    }

    void put(LookupKey lookupKey, List<Row> rows) {
      cache.put(lookupKey, rows);
    }

    @Override
    public void close() {
      if (!returned) {
        returned = true;
        giveBack(key);
      }
    }
  }

  static Lease lease(FlussTable table, List<String> by, List<String> columns, LookupSpec spec) {
    Key key =
        new Key(
            table.cluster(),
            table.tableId(),
            List.copyOf(by),
            List.copyOf(columns),
            spec.cache(),
            spec.insertsMissing());
    synchronized (SHARED) {
      Shared shared = SHARED.computeIfAbsent(key, k -> new Shared(k.options()));
      shared.leases++;
      return new Lease(key, shared.cache);
    }
  }

  private static void giveBack(Key key) {
    synchronized (SHARED) {
      if (--SHARED.get(key).leases == 0) {
        SHARED.remove(key);
      }
    }
  }

  private static Cache<LookupKey, List<Row>> cache(LookupCache options) {
    Caffeine<LookupKey, List<Row>> cache =
        Caffeine.newBuilder()
            .maximumWeight(options.maxRows())
            .weigher((LookupKey key, List<Row> rows) -> Math.max(1, rows.size()))
            .executor(Runnable::run);
    Duration afterWrite = options.expireAfterWrite();
    if (afterWrite != null) {
      cache = cache.expireAfterWrite(afterWrite);
    }
    Duration afterAccess = options.expireAfterAccess();
    if (afterAccess != null) {
      cache = cache.expireAfterAccess(afterAccess);
    }
    return cache.build();
  }
}
