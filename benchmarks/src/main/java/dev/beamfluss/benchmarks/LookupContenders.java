package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.LookupCache;
import java.util.function.UnaryOperator;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.fluss.client.Connection;

/** Who takes part in {@link LookupSuite}, and the tables they look rows up in. */
final class LookupContenders {
  private static final int ROWS_OF_PREFIX = 4;

  /** Flink's lookup join by default is many times slower than the others. */
  private static final int DEFAULT_JOIN_LOOKUPS = 10_000;

  private static final int HOT_KEYS = 10;
  private static final int SMALL_CACHE = 1_000;

  /** A tenth of the keys gets nine tenths of the lookups, and fits the cache. */
  private static final int KEYS_OF_HOT_KEY = 10;

  /** A cache has to be filled before it serves. */
  private static final int CACHED_LOOKUPS_OF_ROW = 3;

  private final EventTable keyed = EventTable.keyed("keyed", EventTable.NARROW, 1);
  private final EventTable prefixed = EventTable.keyed("prefixed", EventTable.NARROW, 2);
  private final Rounds rounds;
  private final FlussCluster cluster;
  private final Connection connection;
  private final BeamLookup ours;
  private final long rows;

  LookupContenders(
      Rounds rounds, FlussCluster cluster, Connection connection, BeamLookup ours, long rows) {
    this.rounds = rounds;
    this.cluster = cluster;
    this.connection = connection;
    this.ours = ours;
    this.rows = rows;
  }

  /** Of the tables, and by default, lookups. */
  long rows() {
    return rows;
  }

  long prefixes() {
    return Math.max(1, rows / ROWS_OF_PREFIX);
  }

  /** Lookups where there is a cache. */
  long cachedLookups() {
    return rows * CACHED_LOOKUPS_OF_ROW;
  }

  void create() throws Exception {
    keyed.create(connection);
    prefixed.create(connection);
  }

  void fill() throws Exception {
    keyed.fill(connection, EventRows.of(EventTable.NARROW), rows);
    prefixed.fill(
        connection,
        new EventRows(EventTable.NARROW, ROWS_OF_PREFIX, 0),
        prefixes() * ROWS_OF_PREFIX);
  }

  void add(RawLookup raw, NativeLookup byDefault, NativeLookup tuned) {
    LookupKeys keys = LookupKeys.uniform(rows);
    LookupKeys prefixes = LookupKeys.uniform(prefixes());
    Schema schema =
        cluster.describe(keyed.path().toString()).schema(keyed.firstColumns(keyed.columns()));
    Schema prefixSchema =
        cluster
            .describe(prefixed.path().toString())
            .schema(prefixed.firstColumns(prefixed.columns()));
    long few = Math.min(rows, DEFAULT_JOIN_LOOKUPS);
    rounds
        .with("raw-key", () -> raw.measure(keyed, schema, keys::at, rows))
        .with("native-key", () -> byDefault.measure(keyed, 1, keys, few))
        .with("native-tuned-key", () -> tuned.measure(keyed, 1, keys, rows));
    ours("ours-key", keyed, keys, rows, lookup -> lookup);
    rounds
        .with("raw-prefix", () -> raw.measure(prefixed, prefixSchema, prefixes::at, rows))
        .with("native-prefix", () -> byDefault.measure(prefixed, ROWS_OF_PREFIX, prefixes, few))
        .with("native-tuned-prefix", () -> tuned.measure(prefixed, ROWS_OF_PREFIX, prefixes, rows));
    ours("ours-prefix", prefixed, prefixes, rows, lookup -> lookup);
    addCached();
  }

  private void addCached() {
    long hot = Math.max(1, rows / KEYS_OF_HOT_KEY);
    LookupKeys keys = LookupKeys.skewed(rows, hot);
    LookupCache large = LookupCache.ofMaxRows(2 * hot);
    ours("ours-uncached", keyed, keys, cachedLookups(), lookup -> lookup);
    ours("ours-cached", keyed, keys, cachedLookups(), lookup -> lookup.withCache(large));
    LookupKeys skewed = LookupKeys.skewed(rows, HOT_KEYS);
    LookupCache small = LookupCache.ofMaxRows(SMALL_CACHE);
    ours("ours-skewed", keyed, skewed, cachedLookups(), lookup -> lookup.withCache(small));
    for (int replicas : LookupSuite.REPLICAS) {
      ours(
          "ours-skewed-shuffle-" + replicas,
          keyed,
          skewed,
          cachedLookups(),
          lookup -> lookup.withCache(small).withReplicatedShuffle(replicas));
    }
  }

  private void ours(
      String name,
      EventTable table,
      LookupKeys keys,
      long number,
      UnaryOperator<FlussIO.LookupRows> settings) {
    rounds.with(name, () -> ours.measure(table, keys, number, settings));
  }
}
