package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.Event;
import java.util.Arrays;
import java.util.List;

/**
 * What the answers take for the same event told twice: all columns but the line are equal. On
 * purpose without the code of {@link dev.beamfluss.pipelines.ingest.IngestRules}.
 */
final class EventColumns {
  private EventColumns() {}

  /** To be compared with those of another. */
  static List<Object> of(Event event) {
    return Arrays.asList(
        event.timestampMillis(),
        event.userId(),
        event.type(),
        event.itemId(),
        event.orderId(),
        event.price().stripTrailingZeros(),
        event.category(),
        event.quantity(),
        event.country());
  }
}
