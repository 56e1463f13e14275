package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Follows a table outside of a pipeline: all that it holds, and then each change, in the order of
 * each bucket. What {@link FlussIO#readChanges()} is to a pipeline, for a program that shows tables
 * or waits for a row.
 *
 * <p>New partitions are found within a second; rows of a partition that is dropped are not taken
 * back. It gets over servers that stop and come back within {@link #PATIENCE}. It keeps no position
 * elsewhere: one that is opened again begins again.
 *
 * <p>Not thread-safe: one a thread. It has threads of its own, which read some thousands of rows
 * ahead and end when it is closed.
 */
public final class TableTail implements AutoCloseable {
  /** For how long a cluster may be silent before {@link #poll} fails. */
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration DISCOVERY = Duration.ofSeconds(1);

  /**
   * A row that cannot be made a Beam row.
   *
   * @param what which one it is, for people: its table, its bucket, and its offset where known
   * @param reason why it cannot be read
   */
  public record Unreadable(String what, String reason) {}

  private final SplitFeed feed;
  private final SplitProgress progress;
  private List<Unreadable> unreadable = List.of();

  private TableTail(ReadSpec spec) {
    List<Integer> buckets = IntStream.range(0, spec.table().buckets()).boxed().toList();
    this.progress =
        new SplitProgress(
            true,
            !spec.table().partitionColumns().isEmpty(),
            spec.maxOutOfOrderness(),
            System::currentTimeMillis);
    this.feed = new SplitFeed(spec, buckets, false, Map.of(), "tail");
  }

  /**
   * Begins to follow a table, from {@link Position#full()}.
   *
   * @param columns of the rows to give
   * @throws IllegalArgumentException if the table has no such column
   */
  public static TableTail open(FlussTable table, List<String> columns) {
    var unused = table.schema(columns);
    TableTail tail =
        new TableTail(
            ReadSpec.builder(table)
                .setColumns(columns)
                .setPartitionDiscoveryInterval(DISCOVERY)
                .setClusterTimeout(PATIENCE)
                .build());
    tail.feed.start();
    return tail;
  }

  /**
   * The next changes of a bucket. Of a log table, and of a snapshot, each is an insert. None where
   * there is nothing new within the time given. Rows that cannot be read are left out, and are what
   * {@link #unreadable} then has.
   *
   * @throws IllegalStateException if the table was dropped or made anew
   * @throws FlussUnreachableException if nothing is heard of the cluster for {@link #PATIENCE}
   */
  public List<RowChange> poll(Duration patience) {
    unreadable = List.of();
    SplitFeed.@Nullable Event event = feed.next(patience);
    if (event instanceof SplitFeed.Rows rows) {
      RowBatch batch = rows.batch();
      unreadable =
          batch.unreadable().stream().map(row -> new Unreadable(row.what(), row.reason())).toList();
      progress.read(
          rows.bucket(), rows.next(), batch.maxTimestamp(EventTime.BEFORE_ALL), rows.end());
      return changes(batch);
    } else if (event instanceof SplitFeed.Listed listed) {
      progress.listed(listed.appeared(), listed.gone(), listed.asOf());
    } else if (event instanceof SplitFeed.Looked looked) {
      progress.looked(looked.ends(), looked.caughtUp(), looked.asOf());
    }
    return List.of();
  }

  /** What was among the changes that {@link #poll} last gave and could not be read. */
  public List<Unreadable> unreadable() {
    return unreadable;
  }

  private static List<RowChange> changes(RowBatch batch) {
    List<RowChange> changes = new ArrayList<>(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      changes.add(RowChange.of(batch.kind(i), batch.rows().get(i)));
    }
    return changes;
  }

  /**
   * Whether all was read that the table held when the cluster was last asked, which is about a
   * second ago where nothing changes.
   */
  public boolean isCaughtUp() {
    return progress.backlog() == 0;
  }

  @Override
  public void close() {
    feed.close();
  }
}
