package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.pipelines.uv.Behavior;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which behaviors an event of a shop's log stands for. Such logs have views and orders only, so the
 * others are made of views, as web analytics does: each view is an exposure; the first of a user,
 * or the first more than half an hour after the latest one before it, begins a visit; each other
 * view is a click. A line of an order is an order.
 *
 * <p>Remembers the latest view of each user. Not thread-safe.
 */
public final class BehaviorRules {
  /** After how long without a view a user's next one begins another visit. */
  public static final Duration VISIT_ENDS_AFTER = Duration.ofMinutes(30);

  private final Map<String, Long> latestViews = new HashMap<>();

  /** The behaviors of the next event, which counts. */
  public List<Behavior> of(Event event) {
    return switch (event.type()) {
      case VIEW -> List.of(Behavior.EXPOSURE, beginsVisit(event) ? Behavior.VISIT : Behavior.CLICK);
      case ORDER -> List.of(Behavior.ORDER);
      case CART, CANCEL -> List.of();
    };
  }

  private boolean beginsVisit(Event view) {
    long at = view.timestampMillis();
    Long before = latestViews.get(view.userId());
    latestViews.merge(view.userId(), at, Math::max);
    return before == null || at - before > VISIT_ENDS_AFTER.toMillis();
  }

  /**
   * The number that stands for a user in the logs, whose {@code user_id} is a BIGINT: the id itself
   * where it is one, or else 63 bits of its SHA-256.
   */
  public static long userId(Event event) {
    return number(event.userId());
  }

  /** The same of any id. */
  static long number(String id) {
    try {
      return Long.parseLong(id);
    } catch (NumberFormatException e) {
      return hash(id);
    }
  }

  private static long hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong() & Long.MAX_VALUE;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
