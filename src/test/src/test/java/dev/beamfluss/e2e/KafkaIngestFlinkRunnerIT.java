package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.ingest.RecordIngest;
import dev.beamfluss.pipelines.ingest.RecordIngestOptions;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.flink.api.common.JobStatus;
import org.apache.kafka.common.TopicPartition;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With checkpoints, at parallelism 2; and jobs that end and go on. */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
class KafkaIngestFlinkRunnerIT extends KafkaIngestContract {
  @Override
  List<String> runner() {
    return List.of(
        "--runner=FlinkRunner",
        "--flinkMaster=[local]",
        "--parallelism=2",
        "--checkpointingInterval=500",
        "--maxBundleTimeMills=50",
        "--objectReuse=true",
        "--fasterCopy=true");
  }

  /** Starts the ingest into the log table on a cluster, from a checkpoint if one is given. */
  private FlinkCluster.Job submit(
      FlinkCluster flink, @Nullable String checkpoint, int elementsToFailure, int restarts)
      throws Exception {
    FlinkPipelineOptions options = flink.options(2);
    options.setSavepointPath(checkpoint);
    options.setNumberOfExecutionRetries(restarts);
    RecordIngestOptions flags =
        PipelineOptionsFactory.fromArgs(flags(OrderTopic.LOG, List.of()))
            .as(RecordIngestOptions.class);
    RecordIngestOptions all = options.as(RecordIngestOptions.class);
    all.setFrom(flags.getFrom());
    all.setKafkaServers(flags.getKafkaServers());
    all.setKafkaConfig(flags.getKafkaConfig());
    all.setTopic(flags.getTopic());
    all.setBootstrapServers(flags.getBootstrapServers());
    all.setTable(flags.getTable());
    all.setMapping(flags.getMapping());
    Pipeline pipeline = Pipeline.create(options);
    RecordIngest.apply(pipeline, all);
    FailingSteps failing = FailingSteps.behind(pipeline, "Map records", elementsToFailure);
    assertThat(failing.size(), is(1));
    return flink.submit(pipeline);
  }

  private void awaitRows(TableMirror log, FlinkCluster.Job job) {
    await("the rows")
        .atMost(PATIENCE)
        .until(
            () -> {
              job.check();
              return new HashSet<>(log.rows()).equals(topic.rows());
            });
  }

  @Test
  void noRecordIsLostByFailuresAndRestarts(@TempDir Path checkpoints) throws Exception {
    try (FlinkCluster flink = new FlinkCluster(checkpoints, 2);
        TableMirror log = new TableMirror(connection, path(OrderTopic.LOG))) {
      topic.send(2_000);
      FlinkCluster.Job job = submit(flink, null, 700, 1);
      awaitRows(log, job);
      assertThat("restarts", job.restarts(), is(1));
      job.awaitMoreCheckpoints(1);
      topic.send(2_000);
      String checkpoint = job.cancelKeepingCheckpoint();
      topic.send(1_000);

      job = submit(flink, checkpoint, Integer.MAX_VALUE, 0);
      awaitRows(log, job);
      awaitCommitted(OrderTopic.LOG);
      job.cancel();
      int before = log.rowsAndRepeats().size();
      Set<?> rows = topic.rows();
      System.out.printf("%d rows of %d records%n", before, rows.size());

      // without the checkpoint, from what the group has committed
      topic.send(100);
      job = submit(flink, null, Integer.MAX_VALUE, 0);
      awaitRows(log, job);
      assertThat("rows, repeats among them", log.rowsAndRepeats().size(), is(before + 100));
      job.cancel();
    }
  }

  @Test
  void recordsThatTheTopicHasNoMoreAreMissed(@TempDir Path checkpoints) throws Exception {
    try (FlinkCluster flink = new FlinkCluster(checkpoints, 2);
        TableMirror log = new TableMirror(connection, path(OrderTopic.LOG))) {
      topic.send(500);
      FlinkCluster.Job job = submit(flink, null, Integer.MAX_VALUE, 0);
      awaitRows(log, job);
      awaitCommitted(OrderTopic.LOG);
      job.cancel();
      topic.send(1_000);
      kafka.deleteBefore(new TopicPartition(topic.name(), 1), -1);
      FlinkCluster.Job later = submit(flink, null, Integer.MAX_VALUE, 0);
      later.awaitEnd(JobStatus.FAILED);
      assertThat(later.failure(), containsString("OffsetOutOfRangeException"));
    }
  }
}
