package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.uv.Behavior;
import dev.beamfluss.pipelines.uv.UvTables;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Instant;

/** The logs of behaviors, to count users of. A replay that is run again appends its rows again. */
final class BehaviorSink implements ReplaySink {
  private static final Schema ROW =
      Schema.builder()
          .addInt64Field("user_id")
          .addDateTimeField("event_time")
          .addStringField("item_id")
          .addStringField("category")
          .addStringField("country")
          .addStringField("ds")
          .addStringField("hh")
          .addStringField("mm")
          .build();

  private final Map<Behavior, TableWriter> logs = new EnumMap<>(Behavior.class);
  private final BehaviorRules rules = new BehaviorRules();
  private final EventTime time;
  private final AtomicLong rowsWritten = new AtomicLong();

  BehaviorSink(FlussCluster cluster, String databasePrefix, ZoneId zone) {
    this.time = EventTime.in(zone);
    for (Behavior behavior : Behavior.values()) {
      String table = databasePrefix + UvTables.DATABASE + "." + behavior.log();
      logs.put(behavior, TableWriter.open(cluster.describe(table), ROW));
    }
  }

  @Override
  public void happened(Event event, String id) {
    for (Behavior behavior : rules.of(event)) {
      String at = time.format(event.timestampMillis());
      logs.get(behavior)
          .upsert(
              Row.withSchema(ROW)
                  .attachValues(
                      BehaviorRules.userId(event),
                      Instant.ofEpochMilli(event.timestampMillis()),
                      event.itemId(),
                      event.category(),
                      event.country(),
                      time.ds(event.timestampMillis()),
                      at.substring(11, 13),
                      at.substring(14, 16)));
      rowsWritten.incrementAndGet();
    }
  }

  @Override
  public void flush() {
    logs.values().forEach(TableWriter::flush);
  }

  @Override
  public long rowsWritten() {
    return rowsWritten.get();
  }

  @Override
  public void close() {
    logs.values().forEach(TableWriter::close);
  }
}
