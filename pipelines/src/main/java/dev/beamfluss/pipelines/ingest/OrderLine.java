package dev.beamfluss.pipelines.ingest;

/**
 * A line of an order as it stands.
 *
 * @param id tells it from all other lines, and is the same in each run
 * @param orderId the order
 * @param ordered the event it came by
 * @param units how many are not cancelled; 0 where all are
 */
record OrderLine(String id, String orderId, Event ordered, long units) {}
