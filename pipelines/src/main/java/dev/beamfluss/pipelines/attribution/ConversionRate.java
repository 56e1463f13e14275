package dev.beamfluss.pipelines.attribution;

import org.apache.beam.sdk.coders.BooleanCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderRegistry;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/**
 * The conversion rate of each day: users with a matched order by users who visited, both distinct.
 *
 * <p>Takes rows of the attribution result with {@code ds}, {@code user_id} and {@code is_matched};
 * every visitor of a day has one. Gives a row a day: {@code ds}, {@code buyers}, {@code visitors}
 * and {@code rate}. For bounded input, or a window at a time.
 */
public final class ConversionRate extends PTransform<PCollection<Row>, PCollection<Row>> {

  /** The schema of what it gives. */
  public static final Schema SCHEMA =
      Schema.builder()
          .addStringField("ds")
          .addInt64Field("buyers")
          .addInt64Field("visitors")
          .addDoubleField("rate")
          .build();

  private ConversionRate() {}

  /** The rate of each day of the input. */
  public static ConversionRate perDay() {
    return new ConversionRate();
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> results) {
    return results
        .apply("Key by day and user", MapElements.via(new ByDayAndUser()))
        .setCoder(
            KvCoder.of(KvCoder.of(StringUtf8Coder.of(), StringUtf8Coder.of()), BooleanCoder.of()))
        .apply("Any order matched", Combine.perKey(new AnyFn()))
        .apply("Key by day", MapElements.via(new ByDay()))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), BooleanCoder.of()))
        .apply("Count users", Combine.perKey(new CountFn()))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), CountFn.CODER))
        .apply("Rate", MapElements.via(new ToRow()))
        .setRowSchema(SCHEMA);
  }

  private static final class ByDayAndUser
      extends SimpleFunction<Row, KV<KV<String, String>, Boolean>> {
    @Override
    public KV<KV<String, String>, Boolean> apply(Row row) {
      return KV.of(
          KV.of(row.getString("ds"), row.getString("user_id")),
          Attribution.MATCHED.equals(row.getString("is_matched")));
    }
  }

  private static final class ByDay
      extends SimpleFunction<KV<KV<String, String>, Boolean>, KV<String, Boolean>> {
    @Override
    public KV<String, Boolean> apply(KV<KV<String, String>, Boolean> user) {
      return KV.of(user.getKey().getKey(), user.getValue());
    }
  }

  private static final class ToRow extends SimpleFunction<KV<String, KV<Long, Long>>, Row> {
    @Override
    public Row apply(KV<String, KV<Long, Long>> day) {
      long buyers = day.getValue().getKey();
      long visitors = day.getValue().getValue();
      return Row.withSchema(SCHEMA)
          .addValues(day.getKey(), buyers, visitors, (double) buyers / visitors)
          .build();
    }
  }

  private static final class AnyFn implements SerializableFunction<Iterable<Boolean>, Boolean> {
    @Override
    public Boolean apply(Iterable<Boolean> values) {
      for (boolean value : values) {
        if (value) {
          return true;
        }
      }
      return false;
    }
  }

  /** Buyers and visitors. */
  private static final class CountFn
      extends Combine.CombineFn<Boolean, KV<Long, Long>, KV<Long, Long>> {
    private static final Coder<KV<Long, Long>> CODER =
        KvCoder.of(VarLongCoder.of(), VarLongCoder.of());

    @Override
    public KV<Long, Long> createAccumulator() {
      return KV.of(0L, 0L);
    }

    @Override
    public KV<Long, Long> addInput(KV<Long, Long> count, Boolean matched) {
      return KV.of(count.getKey() + (matched ? 1 : 0), count.getValue() + 1);
    }

    @Override
    public KV<Long, Long> mergeAccumulators(Iterable<KV<Long, Long>> counts) {
      long buyers = 0;
      long visitors = 0;
      for (KV<Long, Long> count : counts) {
        buyers += count.getKey();
        visitors += count.getValue();
      }
      return KV.of(buyers, visitors);
    }

    @Override
    public KV<Long, Long> extractOutput(KV<Long, Long> count) {
      return count;
    }

    @Override
    public Coder<KV<Long, Long>> getAccumulatorCoder(
        CoderRegistry registry, Coder<Boolean> inputCoder) {
      return CODER;
    }
  }
}
