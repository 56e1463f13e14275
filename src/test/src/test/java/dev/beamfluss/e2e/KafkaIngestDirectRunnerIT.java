package dev.beamfluss.e2e;

import java.util.List;

class KafkaIngestDirectRunnerIT extends KafkaIngestContract {
  @Override
  List<String> runner() {
    return List.of("--runner=DirectRunner", "--targetParallelism=2");
  }
}
