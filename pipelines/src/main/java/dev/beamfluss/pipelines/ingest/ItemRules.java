package dev.beamfluss.pipelines.ingest;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands in for the shop's catalogue, which logs do not have: an item is its own product, and
 * belongs to the shop that its id names, as that of generated items does, or else to one of {@link
 * #SHOPS} by a hash of the id. Ids without any digit are no products but services, such as postage:
 * the catalogue does not know them.
 */
public final class ItemRules {
  /** How many shops the items of a log are spread over. */
  public static final int SHOPS = 200;

  private static final Pattern NAMES_SHOP = Pattern.compile("shop(\\d{1,9})-.*");

  private ItemRules() {}

  /** Whether the catalogue has the item. */
  public static boolean isKnown(String itemId) {
    return itemId.chars().anyMatch(Character::isDigit);
  }

  /** The number of the product. */
  public static long productId(String itemId) {
    return BehaviorRules.number(itemId);
  }

  /** The number of the shop, 1 to {@link #SHOPS} where the id names none. */
  public static long shopId(String itemId) {
    return named(itemId).orElseGet(() -> 1 + Math.floorMod(itemId.hashCode(), SHOPS) * 1L);
  }

  private static Optional<Long> named(String itemId) {
    Matcher matcher = NAMES_SHOP.matcher(itemId);
    return matcher.matches() ? Optional.of(Long.parseLong(matcher.group(1))) : Optional.empty();
  }
}
