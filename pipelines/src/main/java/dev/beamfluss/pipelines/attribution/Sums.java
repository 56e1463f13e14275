package dev.beamfluss.pipelines.attribution;

import java.math.BigDecimal;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/** The sums of a day, or by how much they change. */
final class Sums {
  static final Schema SCHEMA =
      Schema.builder()
          .addInt64Field("visitors")
          .addInt64Field("buyers")
          .addInt64Field("orders")
          .addDecimalField("gmv")
          .addInt64Field("unreadable_amts")
          .build();

  static final Row NONE = of(0, 0, 0, BigDecimal.ZERO.setScale(PayAmount.SCALE), 0);

  private Sums() {}

  private static Row of(
      long visitors, long buyers, long orders, BigDecimal gmv, long unreadableAmounts) {
    return Row.withSchema(SCHEMA)
        .addValues(visitors, buyers, orders, gmv, unreadableAmounts)
        .build();
  }

  static Row ofVisitor() {
    return of(1, 0, 0, NONE.getDecimal("gmv"), 0);
  }

  static Row ofBuyer(long orders, BigDecimal gmv, long unreadableAmounts) {
    return of(0, 1, orders, gmv, unreadableAmounts);
  }

  /** {@code a} and {@code times} times {@code b}. */
  static Row plus(Row a, Row b, int times) {
    return of(
        a.getInt64("visitors") + times * b.getInt64("visitors"),
        a.getInt64("buyers") + times * b.getInt64("buyers"),
        a.getInt64("orders") + times * b.getInt64("orders"),
        a.getDecimal("gmv").add(b.getDecimal("gmv").multiply(BigDecimal.valueOf(times))),
        a.getInt64("unreadable_amts") + times * b.getInt64("unreadable_amts"));
  }

  /** Buyers by visitors; 0 where there are none. */
  static double rate(Row sums) {
    long visitors = sums.getInt64("visitors");
    return visitors == 0 ? 0 : (double) sums.getInt64("buyers") / visitors;
  }
}
