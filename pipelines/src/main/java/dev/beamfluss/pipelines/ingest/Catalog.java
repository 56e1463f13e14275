package dev.beamfluss.pipelines.ingest;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** The generated products; a few are wanted by many. */
final class Catalog {

  record Product(String itemId, BigDecimal price, String category) {}

  private static final List<String> CATEGORIES =
      List.of(
          "food.meal",
          "food.milk_tea",
          "fresh.fruit",
          "fresh.vegetable",
          "electronics.phone",
          "electronics.audio",
          "beauty.skin",
          "household",
          "");

  private final List<Product> products;

  Catalog(int shops, int size, Random random) {
    products = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      String itemId = String.format(Locale.ROOT, "shop%04d-item%05d", skewed(shops, random), i);
      // from 1.50 to about 200, most of them cheap
      double wish = random.nextDouble();
      BigDecimal price = BigDecimal.valueOf(150 + (long) (20_000 * wish * wish * wish), 2);
      products.add(new Product(itemId, price, CATEGORIES.get(random.nextInt(CATEGORIES.size()))));
    }
  }

  Product pick(Random random) {
    return products.get(skewed(products.size(), random));
  }

  /** From 0 to below the bound; an eighth of the range gets half of the picks. */
  private static int skewed(int bound, Random random) {
    double r = random.nextDouble();
    return (int) (bound * r * r * r);
  }
}
