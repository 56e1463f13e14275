package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.ZoneId;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Instant;

/**
 * The lines of orders that are forecast. Their source is the event's country; the table keeps the
 * first row of a line, so a line that is cancelled, or comes again, changes nothing.
 */
final class ForecastSink implements ReplaySink {
  /** The source of events that name no country. */
  private static final String UNKNOWN = "unknown";

  private static final Schema ROW =
      Schema.builder()
          .addStringField("line_id")
          .addStringField("order_id")
          .addStringField("order_source")
          .addDecimalField("amount")
          .addDateTimeField("event_time")
          .addStringField("ds")
          .build();

  private final EventTime time;
  private final TableWriter lines;
  private final AtomicLong rowsWritten = new AtomicLong();

  ForecastSink(FlussCluster cluster, String databasePrefix, ZoneId zone) {
    this.time = EventTime.in(zone);
    String table = databasePrefix + ForecastTables.DATABASE + "." + ForecastTables.ORDER_LINES;
    this.lines = TableWriter.open(cluster.describe(table), ROW);
  }

  @Override
  public void orderLine(OrderLine line) {
    Event event = line.ordered();
    long at = event.timestampMillis();
    lines.upsert(
        Row.withSchema(ROW)
            .attachValues(
                line.id(),
                line.orderId(),
                event.country().isEmpty() ? UNKNOWN : event.country(),
                event
                    .price()
                    .multiply(BigDecimal.valueOf(line.units()))
                    .setScale(ForecastTables.SCALE, RoundingMode.UNNECESSARY),
                Instant.ofEpochMilli(at),
                time.ds(at)));
    rowsWritten.incrementAndGet();
  }

  @Override
  public void flush() {
    lines.flush();
  }

  @Override
  public long rowsWritten() {
    return rowsWritten.get();
  }

  @Override
  public void close() {
    lines.close();
  }
}
