package dev.beamfluss.transforms;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.util.VarInt;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** An alert, as it is now; {@link ReleaseWatch} says what its columns mean. */
record ReleaseAlert(
    String id,
    State state,
    Direction direction,
    CubeCell cell,
    String kind,
    long raisedAt,
    long updatedAt,
    long since,
    long canaryEvents,
    long baseEvents,
    long canaryTraffic,
    long baseTraffic,
    double logEvidence,
    double logThreshold,
    int hypotheses) {
  /** What it has come to. */
  enum State {
    RAISED,
    CLEARED,
    EXPIRED
  }

  /** What the canary does. */
  enum Direction {
    RATE_UP,
    RATE_DOWN,
    SILENT
  }

  /** The same whenever the same watch gets to it again. */
  static String id(CubeCell cell, String kind, long period, int episode) {
    ByteArrayOutputStream name = new ByteArrayOutputStream();
    try {
      CubeCell.CODER.encode(cell, name);
      StringUtf8Coder.of().encode(kind, name);
      VarInt.encode(period, name);
      VarInt.encode(episode, name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return UUID.nameUUIDFromBytes(name.toByteArray()).toString();
  }

  static Schema schema(List<String> dimensions) {
    Schema.Builder schema =
        Schema.builder()
            .addStringField("alert_id")
            .addStringField("state")
            .addStringField("direction");
    dimensions.forEach(schema::addStringField);
    return schema
        .addStringField("kind")
        .addDateTimeField("raised_at")
        .addDateTimeField("updated_at")
        .addNullableField("cleared_at", FieldType.DATETIME)
        .addDateTimeField("evidence_since")
        .addInt64Field("canary_events")
        .addInt64Field("base_events")
        .addInt64Field("canary_traffic")
        .addInt64Field("base_traffic")
        .addNullableField("canary_rate", FieldType.DOUBLE)
        .addNullableField("base_rate", FieldType.DOUBLE)
        .addNullableField("rate_ratio", FieldType.DOUBLE)
        .addDoubleField("log_evidence")
        .addDoubleField("log_threshold")
        .addInt32Field("hypotheses")
        .build();
  }

  Row toRow(Schema schema) {
    Double canaryRate = rate(canaryEvents, canaryTraffic);
    Double baseRate = rate(baseEvents, baseTraffic);
    List<@Nullable Object> values = new ArrayList<>(schema.getFieldCount());
    values.add(id);
    values.add(state.name());
    values.add(direction.name());
    for (String value : cell.values()) {
      values.add(value == null ? "" : value);
    }
    values.add(kind);
    values.add(Instant.ofEpochMilli(raisedAt));
    values.add(Instant.ofEpochMilli(updatedAt));
    values.add(state == State.RAISED ? null : Instant.ofEpochMilli(updatedAt));
    values.add(Instant.ofEpochMilli(since));
    values.add(canaryEvents);
    values.add(baseEvents);
    values.add(canaryTraffic);
    values.add(baseTraffic);
    values.add(canaryRate);
    values.add(baseRate);
    values.add(ratio(canaryRate, baseRate));
    values.add(logEvidence);
    values.add(logThreshold);
    values.add(hypotheses);
    return Row.withSchema(schema).addValues(values).build();
  }

  private static @Nullable Double rate(long events, long traffic) {
    return traffic == 0 ? null : (double) events / traffic;
  }

  private static @Nullable Double ratio(@Nullable Double dividend, @Nullable Double divisor) {
    return dividend == null || divisor == null || divisor == 0 ? null : dividend / divisor;
  }
}
