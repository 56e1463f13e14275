package dev.beamfluss.pipelines.tables;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.Row;

/**
 * The few rows that a pipeline in this very process gives: for a runner on other machines it would
 * stay empty. Rows of a bundle that was run twice come twice.
 */
public final class Collected implements AutoCloseable {
  private static final Map<String, Queue<Row>> BY_ID = new ConcurrentHashMap<>();

  private final String id = UUID.randomUUID().toString();

  /** Begins to collect. */
  public Collected() {
    BY_ID.put(id, new ConcurrentLinkedQueue<>());
  }

  /** Collects its input here. */
  public ParDo.SingleOutput<Row, Void> here() {
    return ParDo.of(new CollectFn(id));
  }

  /** What has come, in the order of the rows' first column. */
  public List<Row> rows() {
    List<Row> rows = new ArrayList<>(BY_ID.get(id));
    rows.sort(Comparator.comparing(row -> row.getString(0)));
    return rows;
  }

  @Override
  public void close() {
    BY_ID.remove(id);
  }

  private static final class CollectFn extends DoFn<Row, Void> {
    private final String id;

    CollectFn(String id) {
      this.id = id;
    }

    @ProcessElement
    public void process(@Element Row row) {
      Queue<Row> rows = BY_ID.get(id);
      if (rows != null) {
        rows.add(row);
      }
    }
  }
}
