package dev.beamfluss.io.paimon;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.CommitMessageImpl;
import org.apache.paimon.table.sink.TableCommitImpl;
import org.apache.paimon.table.sink.TableWriteImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges the files of buckets that got new ones, as far as the table's options want it. Nothing is
 * lost with an attempt that fails: the files stay as they are, and the next one merges them.
 */
final class CompactBuckets extends DoFn<KV<byte[], Integer>, Void> {
  private static final Logger LOG = LoggerFactory.getLogger(CompactBuckets.class);

  /** Never used: it is what makes a runner bring all of a bucket to one worker. */
  @SuppressWarnings("unused")
  @StateId("keyed")
  private final StateSpec<ValueState<Integer>> keyed = StateSpecs.value(VarIntCoder.of());

  private final WriteTarget target;
  private transient Set<BucketKey> buckets;

  CompactBuckets(WriteTarget target) {
    this.target = target;
  }

  @StartBundle
  public void startBundle() {
    buckets = new LinkedHashSet<>();
  }

  @ProcessElement
  public void process(@Element KV<byte[], Integer> bucket) {
    buckets.add(BucketKey.of(bucket.getKey()));
  }

  @SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
  @FinishBundle
  public void finishBundle() throws Exception {
    String user = target.table().coreOptions().createCommitUser();
    try (IOManager ioManager = WriteTarget.newIoManager();
        TableWriteImpl<?> write = target.table().newWrite(user).withIOManager(ioManager);
        TableCommitImpl commit = target.table().newCommit(user)) {
      for (BucketKey bucket : buckets) {
        write.compact(bucket.partition(), bucket.number(), false);
      }
      List<CommitMessage> messages =
          write.prepareCommit(true, Commits.LAST).stream()
              .filter(message -> !((CommitMessageImpl) message).isEmpty())
              .toList();
      if (!messages.isEmpty()) {
        commit(commit, messages);
      }
    }
  }

  private void commit(TableCommitImpl commit, List<CommitMessage> messages) {
    try {
      commit.commit(Commits.LAST, messages);
    } catch (RuntimeException e) {
      if (e.getMessage() == null || !e.getMessage().contains("conflicts detected")) {
        throw e;
      }
      LOG.info(
          "Another writer of table {} has merged or overwritten the same files; it is left to it",
          target.table().fullName());
      commit.abort(messages);
    }
  }
}
