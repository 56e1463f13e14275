package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.join.CoGbkResult;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.paimon.table.sink.CommitMessage;

/**
 * Commits all that a bounded input has come to, at once. A second attempt has the same rows, and
 * finds that they are committed, whatever files it put them into.
 */
final class CommitOnce extends DoFn<KV<Integer, CoGbkResult>, Long> {
  static final TupleTag<CommitMessage> FILES = new TupleTag<>() {};

  private final WriteTarget target;

  CommitOnce(WriteTarget target) {
    this.target = target;
  }

  @ProcessElement
  public void process(@Element KV<Integer, CoGbkResult> all, MultiOutputReceiver out)
      throws Exception {
    List<CommitMessage> messages = new ArrayList<>();
    all.getValue().getAll(FILES).forEach(messages::add);
    // an overwrite with nothing still empties its partition
    if (messages.isEmpty() && target.overwrite() == null) {
      return;
    }
    Commits commits = new Commits(target, target.commitUser());
    if (!commits.commitOnce(Commits.LAST, messages, Map.of(), out)) {
      commits.removeRepeated(messages);
    }
  }
}
