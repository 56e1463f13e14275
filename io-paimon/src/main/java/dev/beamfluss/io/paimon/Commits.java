package dev.beamfluss.io.paimon;

import static java.util.stream.Collectors.toSet;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.paimon.Snapshot;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.manifest.ManifestCommittable;
import org.apache.paimon.manifest.ManifestEntry;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.TableCommitImpl;
import org.apache.paimon.table.source.ScanMode;

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

  /** This user's latest commit that the table knows. */
  Optional<Snapshot> latest() {
    return target.table().snapshotManager().latestSnapshotOfUser(user);
  }

  /**
   * Makes a commit that an earlier attempt may have made, with just these files or, for {@link
   * #LAST}, with others of the same rows: then it is left as it is.
   *
   * @return whether it had not been made
   */
  boolean commitOnce(
      long number,
      List<CommitMessage> messages,
      Map<String, String> properties,
      DoFn.MultiOutputReceiver out)
      throws Exception {
    return commit(number, messages, properties, true, out);
  }

  /** Makes a commit that no earlier attempt can have made. */
  void commit(long number, List<CommitMessage> messages, DoFn.MultiOutputReceiver out)
      throws Exception {
    var unused = commit(number, messages, Map.of(), false, out);
  }

  @SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
  private boolean commit(
      long number,
      List<CommitMessage> messages,
      Map<String, String> properties,
      boolean maybeDone,
      DoFn.MultiOutputReceiver out)
      throws Exception {
    long start = System.nanoTime();
    ManifestCommittable committable = new ManifestCommittable(number);
    messages.forEach(committable::addFileCommittable);
    properties.forEach(committable::addProperty);
    try (TableCommitImpl commit = target.table().newCommit(user)) {
      if (target.overwrite() != null) {
        commit.withOverwrite(target.overwrite());
      }
      if (!maybeDone) {
        commit.commit(committable);
      } else if (commit.filterAndCommitMultiple(List.of(committable)) == 0) {
        return false;
      }
    }
    COMMITS.inc();
    MILLIS.update(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    out.get(ROWS).output(rows(messages));
    if (target.compacts()) {
      buckets(messages).forEach(key -> out.get(BUCKETS).output(key.toBytes()));
    }
    return true;
  }

  /**
   * Removes the files that an attempt made after the only commit of this user was done. They are
   * that of the commit itself if its step alone was repeated.
   */
  @SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
  void removeRepeated(List<CommitMessage> messages) throws Exception {
    Set<String> committed =
        latest().stream()
            .flatMap(snapshot -> changedFiles(snapshot).stream())
            .map(entry -> entry.file().fileName())
            .collect(toSet());
    List<CommitMessage> repeated =
        messages.stream()
            .filter(
                message ->
                    BucketFiles.files(message).stream()
                        .noneMatch(file -> committed.contains(file.fileName())))
            .toList();
    try (TableCommitImpl commit = target.table().newCommit(user)) {
      commit.abort(repeated);
    }
  }

  private List<ManifestEntry> changedFiles(Snapshot snapshot) {
    return target
        .table()
        .store()
        .newScan()
        .withSnapshot(snapshot)
        .withKind(ScanMode.DELTA)
        .plan()
        .files();
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
}
