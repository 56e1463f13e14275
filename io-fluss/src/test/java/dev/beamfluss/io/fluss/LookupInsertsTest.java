package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.LookupContract.USER;
import static dev.beamfluss.io.fluss.LookupContract.user;
import static dev.beamfluss.io.fluss.TestTables.cluster;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Many threads of two workers that give ids to the same users. A worker is a connection, as two
 * JVMs have nothing else apart.
 */
class LookupInsertsTest {
  private static final int THREADS = 8;
  private static final int WORKERS = 2;

  /** How many ids a bucket's leader takes at a time. */
  private static final long ID_CACHE = 100_000;

  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder());

  private final AtomicLong answers = new AtomicLong();

  @Test
  void everyUserGetsOneIdAndIdsOfOneBucketAreDense() throws Exception {
    int users = 20_000;
    assertThat(maxId(assign(users, 1, 2 * users, false)), equalTo((long) users));
  }

  @Tag("nightly")
  @Test
  void everyOneOf200000UsersGetsOneId() throws Exception {
    int users = 200_000;
    assertThat(maxId(assign(users, 1, 2 * users, false)), equalTo((long) users));
  }

  @Test
  void aFailoverLosesNoMoreIdsThanALeaderTakesAtATime() throws Exception {
    int users = 10_000;
    int buckets = 2;
    long gaps = (buckets + buckets) * ID_CACHE; // of each leader before and after
    assertThat(maxId(assign(users, buckets, 3 * users, true)), lessThanOrEqualTo(users + gaps));
  }

  private static long maxId(Map<String, Long> ids) {
    return ids.values().stream().mapToLong(Long::longValue).max().orElseThrow();
  }

  /** Users come in the same order everywhere, so that threads meet, and again at random. */
  private Map<String, Long> assign(int users, int buckets, int lookups, boolean failover)
      throws Exception {
    String table = LookupContract.users(fluss, buckets);
    long seed = System.nanoTime();
    System.out.println("Seed of the users: " + seed);
    long start = System.nanoTime();
    long before = answers.get();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Map<String, Long>>> results = new ArrayList<>();
      for (int n = 0; n < THREADS; n++) {
        int thread = n;
        results.add(
            threads.submit(() -> assignOfThread(table, thread, users, lookups / 4, seed + thread)));
      }
      if (failover) {
        await("some users with ids")
            .pollInterval(Duration.ofMillis(5))
            .atMost(Duration.ofSeconds(60))
            .until(() -> answers.get() > before + users / 4);
        fluss.cluster().stopTabletServer(0);
        fluss.cluster().startTabletServer(0);
      }
      Map<String, Long> ids = new HashMap<>();
      for (Future<Map<String, Long>> result : results) {
        result
            .get(5, TimeUnit.MINUTES)
            .forEach(
                (user, id) ->
                    assertThat("the id of " + user, ids.merge(user, id, Math::max), equalTo(id)));
      }
      assertThat(ids.keySet(), hasSize(users));
      Set<Long> distinct = new HashSet<>(ids.values());
      assertThat(distinct, hasSize(users));
      System.out.printf(
          "%,d lookups gave ids to %,d users in %.1f s%n",
          THREADS * (users / 2 + lookups / 4), users, (System.nanoTime() - start) / 1e9);
      return ids;
    } finally {
      threads.shutdownNow();
    }
  }

  private Map<String, Long> assignOfThread(
      String path, int thread, int users, int more, long seed) {
    FlussTable table =
        cluster(fluss).withProperty("client.id", "worker-" + thread % WORKERS).describe(path);
    Random random = new Random(seed);
    Map<String, Long> ids = new HashMap<>();
    LookupSpec spec =
        LookupSpec.builder().setInsertsMissing(true).setTimeout(Duration.ofMinutes(2)).build();
    try (TableLookup lookup =
        TableLookup.open(table, List.of("user_id"), USER, List.of("id"), spec)) {
      ArrayDeque<Called> called = new ArrayDeque<>();
      for (int i = 0; i < users / 2 + more; i++) {
        // half of the users each, which two threads of each worker share
        int number = i < users / 2 ? 2 * i + thread / 2 % 2 : random.nextInt(users);
        Row key = user("u" + number);
        called.add(new Called(key, lookup.lookup(key), System.nanoTime()));
        if (called.size() > 1_000) {
          answer(lookup, called.remove(), ids);
        }
      }
      while (!called.isEmpty()) {
        answer(lookup, called.remove(), ids);
      }
    }
    return ids;
  }

  private record Called(Row key, CompletableFuture<List<Row>> answer, long at) {}

  private void answer(TableLookup lookup, Called called, Map<String, Long> ids) {
    List<Row> rows = lookup.await(called.key(), called.answer(), called.at());
    answers.incrementAndGet();
    assertThat(rows, hasSize(1));
    String user = called.key().getString(0);
    long id = rows.get(0).getInt64("id");
    assertThat("the id of " + user, ids.merge(user, id, Math::max), equalTo(id));
  }
}
