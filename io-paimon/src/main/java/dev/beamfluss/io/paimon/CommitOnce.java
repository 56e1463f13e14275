package dev.beamfluss.io.paimon;

import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.paimon.table.sink.CommitMessage;

/**
 * Commits all that a bounded input has come to, at once. A second attempt has the same rows, and
 * finds that they are committed, whatever files it put them into.
 */
final class CommitOnce extends DoFn<byte[], Long> {
  private final WriteTarget target;
  private final PCollectionView<Iterable<CommitMessage>> messages;

  CommitOnce(WriteTarget target, PCollectionView<Iterable<CommitMessage>> messages) {
    this.target = target;
    this.messages = messages;
  }

  @ProcessElement
  public void process(ProcessContext context, MultiOutputReceiver out) throws Exception {
    List<CommitMessage> all = Commits.copy(context.sideInput(messages));
    // an overwrite with nothing still empties its partition
    if (!all.isEmpty() || target.overwrite() != null) {
      new Commits(target, target.commitUser()).commit(Commits.LAST, all, true, out);
    }
  }
}
