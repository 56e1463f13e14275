package dev.beamfluss.pipelines.ingest;

/**
 * A row of the reference's table {@code order_ri}; its key is {@code (user_id, ds, order_id)}.
 *
 * @param orderId the order, never empty
 * @param userId the buyer, never empty
 * @param orderTime time of the order's first line, {@code yyyy-MM-dd HH:mm:ss.SSS}
 * @param payAmt what all its lines together cost now, as a plain decimal number with at least two
 *     decimal places
 * @param ds the day of {@code orderTime}, {@code yyyyMMdd}
 */
public record OrderRow(String orderId, String userId, String orderTime, String payAmt, String ds) {}
