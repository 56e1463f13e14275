package dev.beamfluss.pipelines.ingest;

import java.util.List;
import java.util.Locale;

/**
 * What stands in for the clients that a shop's log does not name: which app a user has, in which
 * release, on which page an event is, and which calls fail. All of it follows from the event, by
 * hashes, so that it is the same in each run: four users in ten have the canary release, and 3 % of
 * views end in an error.
 *
 * <p>If the canary is {@linkplain IngestOptions#brokenFrom broken} from some time on, 60 % of views
 * do on page {@link #BROKEN_PAGE} of client {@link #BROKEN_CLIENT} in that release.
 */
public final class ClientRules {
  /** The client that has what is broken. */
  public static final String BROKEN_CLIENT = "ios";

  /** The page that is broken. */
  public static final String BROKEN_PAGE = "search";

  private static final List<String> CLIENTS = List.of(BROKEN_CLIENT, "android");
  private static final List<String> PAGES = List.of(BROKEN_PAGE, "item_detail");
  private static final List<String> NETWORKS = List.of("wifi", "5g");

  private ClientRules() {}

  /** The client of a user. */
  public static String client(Event event) {
    return oneOf(CLIENTS, "client " + event.userId());
  }

  /** Whether the user has the canary release. */
  public static boolean isCanary(Event event) {
    return part("release " + event.userId()) < 0.4;
  }

  /** How the user is connected. */
  public static String network(Event event) {
    return oneOf(NETWORKS, "network " + event.userId());
  }

  /** Where in the app the event is. */
  public static String page(Event event) {
    return oneOf(PAGES, "page " + event.itemId());
  }

  /**
   * Whether a view ends in an error.
   *
   * @param broken whether what may be broken is
   */
  public static boolean fails(Event view, boolean broken) {
    boolean isBroken =
        broken
            && isCanary(view)
            && client(view).equals(BROKEN_CLIENT)
            && page(view).equals(BROKEN_PAGE);
    String call =
        String.format(
            Locale.ROOT, "%d %s %s", view.timestampMillis(), view.userId(), view.itemId());
    return part("fails " + call) < (isBroken ? 0.6 : 0.03);
  }

  private static String oneOf(List<String> values, String key) {
    return values.get((int) (part(key) * values.size()));
  }

  /** From 0 to below 1, evenly. */
  private static double part(String key) {
    return (spread(key.hashCode()) >>> 8) / (double) (1 << 24);
  }

  /** Mixes the bits of a hash, as texts that are alike have hashes that are. */
  private static int spread(int hash) {
    int mixed = hash * 0x9E3779B9;
    mixed = (mixed ^ (mixed >>> 15)) * 0x85EBCA6B;
    mixed = (mixed ^ (mixed >>> 13)) * 0xC2B2AE35;
    return mixed ^ (mixed >>> 16);
  }
}
