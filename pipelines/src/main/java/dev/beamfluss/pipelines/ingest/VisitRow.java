package dev.beamfluss.pipelines.ingest;

/**
 * A row of the reference's table {@code log_page_ri}; its key is {@code (user_id, ds)}.
 *
 * @param userId the visitor, never empty
 * @param firstPageTime the earliest view of the day so far, {@code yyyy-MM-dd HH:mm:ss.SSS}
 * @param pv number of views of the day so far
 * @param ds the day, {@code yyyyMMdd}
 */
public record VisitRow(String userId, String firstPageTime, long pv, String ds) {}
