package dev.beamfluss.e2e;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.runners.TransformHierarchy;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PValue;

/**
 * Steps that fail once each, behind steps of a pipeline that is built already: the runner throws
 * the bundles away that the failure is in, and all since the last checkpoint is done again.
 */
final class FailingSteps {
  /** By run and step, how many elements are still let through before it fails. */
  private static final Map<String, AtomicInteger> LEFT = new ConcurrentHashMap<>();

  private final Map<String, String> steps = new HashMap<>();

  private FailingSteps() {}

  /** Of a job that does not fail. */
  static FailingSteps none() {
    return new FailingSteps();
  }

  /**
   * Adds one behind each of the pipeline's outermost steps whose name matches.
   *
   * @param names a regular expression
   * @param elements how many each lets through before it fails
   */
  static FailingSteps behind(Pipeline pipeline, String names, int elements) {
    String run = UUID.randomUUID().toString();
    FailingSteps failing = new FailingSteps();
    Map<String, PCollection<?>> outputs = new HashMap<>();
    pipeline.traverseTopologically(
        new Pipeline.PipelineVisitor.Defaults() {
          @Override
          public CompositeBehavior enterCompositeTransform(TransformHierarchy.Node node) {
            List<PValue> all = new ArrayList<>(node.getOutputs().values());
            if (node.getFullName().matches(names) && !all.isEmpty()) {
              outputs.put(node.getFullName(), (PCollection<?>) all.get(0));
            }
            return CompositeBehavior.ENTER_TRANSFORM;
          }
        });
    outputs.forEach(
        (step, output) -> {
          String id = run + " " + step;
          failing.steps.put(step, id);
          LEFT.put(id, new AtomicInteger(elements));
          failing.add(step, id, output);
        });
    return failing;
  }

  private <T> void add(String step, String id, PCollection<T> output) {
    output.apply("Fail after " + step, ParDo.of(new FailFn<T>(id)));
  }

  /** The steps behind which one stands. */
  int size() {
    return steps.size();
  }

  /** Those behind which none has failed yet. */
  Set<String> pending() {
    Set<String> pending = new TreeSet<>();
    steps.forEach(
        (step, id) -> {
          if (LEFT.get(id).get() >= 0) {
            pending.add(step);
          }
        });
    return pending;
  }

  private static final class FailFn<T> extends DoFn<T, Void> {
    private final String id;

    FailFn(String id) {
      this.id = id;
    }

    @ProcessElement
    public void process() {
      if (LEFT.get(id).getAndDecrement() == 0) {
        throw new IllegalStateException("fails once, as the test wants it: " + id);
      }
    }
  }
}
