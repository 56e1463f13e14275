package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.List;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.TableCommitImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a bundle, which are removed where it does not end. What a finished bundle wrote may
 * be in a checkpoint, and is no longer ours to remove.
 */
final class Unfinished {
  private static final Logger LOG = LoggerFactory.getLogger(Unfinished.class);

  private final WriteTarget target;
  private final List<CommitMessage> messages = new ArrayList<>();

  Unfinished(WriteTarget target) {
    this.target = target;
  }

  void add(List<CommitMessage> more) {
    messages.addAll(more);
  }

  void bundleFinished() {
    messages.clear();
  }

  @SuppressWarnings("try") // closing may be interrupted, which ends the attempt as it should
  void remove() {
    if (messages.isEmpty()) {
      return;
    }
    LOG.info("Removing the files of a failed attempt to write table {}", target.table().fullName());
    try (TableCommitImpl commit = target.table().newCommit(target.commitUser())) {
      commit.abort(messages);
    } catch (Exception e) {
      // Paimon's removal of orphan files finds them
      LOG.warn("Could not remove the files of a failed attempt", e);
    }
    messages.clear();
  }
}
