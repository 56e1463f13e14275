package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.sink.BatchTableCommit;
import org.apache.paimon.table.sink.BatchTableWrite;
import org.apache.paimon.table.sink.BatchWriteBuilder;
import org.apache.paimon.table.sink.CommitMessage;

/**
 * Writes with Paimon's writer alone: a thread for each share of the rows makes them of plain Java
 * values and writes them to files of its own, of any bucket. One commit has them all.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class RawPaimonWrite {
  private final int threads;

  RawPaimonWrite(int threads) {
    this.threads = threads;
  }

  double measure(PaimonEvents table, EventRows rows, long number) throws Exception {
    Counter.reset();
    Table open = table.open();
    BatchWriteBuilder builder = open.newBatchWriteBuilder();
    List<CommitMessage> messages = Collections.synchronizedList(new ArrayList<>());
    Shares.run(
        threads,
        number,
        (from, to) -> {
          try (IOManager files = IOManager.create(System.getProperty("java.io.tmpdir"));
              BatchTableWrite write = builder.newWrite()) {
            write.withIOManager(files);
            for (long i = from; i < to; i++) {
              Counter.begin();
              write.write(PaimonEvents.paimon(rows, i));
            }
            messages.addAll(write.prepareCommit());
          }
        });
    try (BatchTableCommit commit = builder.newCommit()) {
      commit.commit(messages);
    }
    Counter.add(number);
    return Counter.awaitRateSinceBegin(number);
  }
}
