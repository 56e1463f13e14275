package dev.beamfluss.transforms;

import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A function of the joined row that knows which columns it needs. */
interface JoinFunction<T extends @Nullable Object> extends SerializableFunction<Row, T> {

  /**
   * Checks the columns, once, when the pipeline is built.
   *
   * @throws IllegalArgumentException if the joined row does not have the columns, or of other types
   */
  void check(Schema joined);
}
