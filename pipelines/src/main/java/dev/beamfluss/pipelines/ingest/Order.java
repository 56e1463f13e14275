package dev.beamfluss.pipelines.ingest;

import java.math.BigDecimal;

/** An order as far as its lines and cancels are known. */
final class Order {

  private static final int FEWEST_DECIMALS = 2;

  private final String orderId;
  private final String userId;
  private final String orderTime;
  private final String ds;
  private BigDecimal payAmt = BigDecimal.ZERO;
  private long units;

  Order(String orderId, String userId, String orderTime, String ds) {
    this.orderId = orderId;
    this.userId = userId;
    this.orderTime = orderTime;
    this.ds = ds;
  }

  /** Adds units at a price; takes them off if negative. */
  void add(long moreUnits, BigDecimal price) {
    units += moreUnits;
    payAmt = payAmt.add(price.multiply(BigDecimal.valueOf(moreUnits)));
  }

  boolean isEmpty() {
    return units == 0;
  }

  OrderRow row() {
    return new OrderRow(orderId, userId, orderTime, money(payAmt), ds);
  }

  private static String money(BigDecimal amount) {
    BigDecimal shortest = amount.stripTrailingZeros();
    return shortest.setScale(Math.max(FEWEST_DECIMALS, shortest.scale())).toPlainString();
  }
}
