package dev.beamfluss.pipelines.attribution;

import java.util.HashMap;
import java.util.Map;
import org.apache.beam.sdk.coders.BooleanCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderRegistry;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.MapCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/**
 * The conversion rate of each day: users with a matched order by users who visited, both distinct.
 *
 * <p>Takes rows of the attribution result with {@code ds}, {@code user_id} and {@code is_matched};
 * every visitor of a day has one. Gives a row a day: {@code ds}, {@code buyers}, {@code visitors}
 * and {@code rate}. For bounded input, or a window at a time. While it counts, it holds the ids of
 * a day's visitors, in 64 shares.
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

  /** Shares of a day's users that are counted apart: bounds the memory of one count. */
  private static final int SHARES = 64;

  private static final Coder<KV<String, Boolean>> USER =
      KvCoder.of(StringUtf8Coder.of(), BooleanCoder.of());
  private static final Coder<KV<Long, Long>> COUNTS =
      KvCoder.of(VarLongCoder.of(), VarLongCoder.of());

  private ConversionRate() {}

  /** The rate of each day of the input. */
  public static ConversionRate perDay() {
    return new ConversionRate();
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> results) {
    return results
        .apply("Key by day and share of users", MapElements.via(new ByDayAndShare()))
        .setCoder(KvCoder.of(KvCoder.of(StringUtf8Coder.of(), VarIntCoder.of()), USER))
        .apply("Distinct users", Combine.perKey(new DistinctUsersFn()))
        .setCoder(KvCoder.of(KvCoder.of(StringUtf8Coder.of(), VarIntCoder.of()), COUNTS))
        .apply("Key by day", MapElements.via(new ByDay()))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), COUNTS))
        .apply("Sum", Combine.perKey(ConversionRate::sum))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), COUNTS))
        .apply("Rate", MapElements.via(new ToRow()))
        .setRowSchema(SCHEMA);
  }

  private static KV<Long, Long> sum(Iterable<KV<Long, Long>> counts) {
    long buyers = 0;
    long visitors = 0;
    for (KV<Long, Long> count : counts) {
      buyers += count.getKey();
      visitors += count.getValue();
    }
    return KV.of(buyers, visitors);
  }

  private static final class ByDayAndShare
      extends SimpleFunction<Row, KV<KV<String, Integer>, KV<String, Boolean>>> {
    @Override
    public KV<KV<String, Integer>, KV<String, Boolean>> apply(Row row) {
      String user = row.getString("user_id");
      int hash = user.hashCode() * 0x9E3779B9;
      return KV.of(
          KV.of(row.getString("ds"), Math.floorMod(hash ^ (hash >>> 16), SHARES)),
          KV.of(user, Attribution.MATCHED.equals(row.getString("is_matched"))));
    }
  }

  private static final class ByDay
      extends SimpleFunction<KV<KV<String, Integer>, KV<Long, Long>>, KV<String, KV<Long, Long>>> {
    @Override
    public KV<String, KV<Long, Long>> apply(KV<KV<String, Integer>, KV<Long, Long>> share) {
      return KV.of(share.getKey().getKey(), share.getValue());
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

  /** Buyers and visitors of a share: a set of users while it counts, with whether any matched. */
  private static final class DistinctUsersFn
      extends Combine.CombineFn<KV<String, Boolean>, Map<String, Boolean>, KV<Long, Long>> {
    @Override
    public Map<String, Boolean> createAccumulator() {
      return new HashMap<>();
    }

    @Override
    public Map<String, Boolean> addInput(Map<String, Boolean> users, KV<String, Boolean> user) {
      users.merge(user.getKey(), user.getValue(), Boolean::logicalOr);
      return users;
    }

    @Override
    public Map<String, Boolean> mergeAccumulators(Iterable<Map<String, Boolean>> shares) {
      Map<String, Boolean> merged = new HashMap<>();
      for (Map<String, Boolean> share : shares) {
        share.forEach((user, matched) -> merged.merge(user, matched, Boolean::logicalOr));
      }
      return merged;
    }

    @Override
    public KV<Long, Long> extractOutput(Map<String, Boolean> users) {
      return KV.of(users.values().stream().filter(matched -> matched).count(), (long) users.size());
    }

    @Override
    public Coder<Map<String, Boolean>> getAccumulatorCoder(
        CoderRegistry registry, Coder<KV<String, Boolean>> inputCoder) {
      return MapCoder.of(StringUtf8Coder.of(), BooleanCoder.of());
    }
  }
}
