package dev.beamfluss.io.fluss;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;

/** What came to the end of a pipeline that runs in this JVM, also while it runs. */
final class Collected<T> extends PTransform<PCollection<T>, PDone> {
  private static final Map<String, Collection<Object>> RUNS = new ConcurrentHashMap<>();

  private final String run = UUID.randomUUID().toString();

  Collected() {
    RUNS.put(run, new ConcurrentLinkedQueue<>());
  }

  @SuppressWarnings("unchecked") // nothing else is put in
  List<T> soFar() {
    return (List<T>) List.copyOf(RUNS.get(run));
  }

  @Override
  public PDone expand(PCollection<T> input) {
    input.apply("Collect", ParDo.of(new Collect<>(run)));
    return PDone.in(input.getPipeline());
  }

  private static final class Collect<T> extends DoFn<T, Void> {
    private final String run;

    Collect(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(@Element T element) {
      RUNS.get(run).add(element);
    }
  }
}
