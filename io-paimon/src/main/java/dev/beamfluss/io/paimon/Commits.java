package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.paimon.Snapshot;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.TableCommitImpl;

/** Commits under one user, and tells what was committed. */
final class Commits {
  /** How many rows each commit made visible. */
  static final TupleTag<Long> ROWS = new TupleTag<>() {};

  /** The buckets that have new files, as {@link BucketKey}. */
  static final TupleTag<byte[]> BUCKETS = new TupleTag<>() {};

  /** The number of a commit after which none comes: Paimon's own for what ends. */
  static final long LAST = Long.MAX_VALUE;

  private static final Counter COMMITS = Metrics.counter(PaimonIO.class, "commits");
  private static final Distribution MILLIS = Metrics.distribution(PaimonIO.class, "commitMillis");

  private final WriteTarget target;
  private final String user;

  Commits(WriteTarget target, String user) {
    this.target = target;
    this.user = user;
  }

  /** The number of this user's latest commit that the table knows. */
  OptionalLong latest() {
    return target
        .table()
        .snapshotManager()
        .latestSnapshotOfUser(user)
        .map(Snapshot::commitIdentifier)
        .map(OptionalLong::of)
        .orElseGet(OptionalLong::empty);
  }

  /**
   * @param maybeDone whether an earlier attempt may have made this commit, with just these files
   *     or, for {@link #LAST}, with others of the same rows: then it is left as it is
   */
  @SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
  void commit(
      long number, List<CommitMessage> messages, boolean maybeDone, DoFn.MultiOutputReceiver out)
      throws Exception {
    long start = System.nanoTime();
    try (TableCommitImpl commit = target.table().newCommit(user)) {
      if (target.overwrite() != null) {
        commit.withOverwrite(target.overwrite());
      }
      if (!maybeDone) {
        commit.commit(number, messages);
      } else if (commit.filterAndCommit(Map.of(number, messages)) == 0) {
        return;
      }
    }
    COMMITS.inc();
    MILLIS.update(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    out.get(ROWS).output(rows(messages));
    if (target.compacts()) {
      buckets(messages).forEach(key -> out.get(BUCKETS).output(key.toBytes()));
    }
  }

  private static long rows(List<CommitMessage> messages) {
    return messages.stream()
        .flatMap(message -> BucketFiles.files(message).stream())
        .mapToLong(DataFileMeta::rowCount)
        .sum();
  }

  private static Set<BucketKey> buckets(List<CommitMessage> messages) {
    Set<BucketKey> keys = new HashSet<>();
    for (CommitMessage message : messages) {
      keys.add(new BucketKey(message.partition(), message.bucket()));
    }
    return keys;
  }

  static List<CommitMessage> copy(Iterable<CommitMessage> messages) {
    List<CommitMessage> list = new ArrayList<>();
    messages.forEach(list::add);
    return list;
  }
}
