package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.pipelines.ingest.Catalog.Product;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;

/** What one generated user does on one day, without regard to when events arrive. */
final class UserDay {

  private static final List<String> CHANNELS = List.of("app", "app", "app", "mini-program", "web");
  private static final double ORDERS_WITHOUT_VISIT = 0.04;
  private static final double ORDERS_BEFORE_VISIT = 0.02;
  private static final double NO_ORDER_ID = 0.02;
  private static final long MINUTE = 60_000;
  private static final long HOUR = 60 * MINUTE;

  private final GeneratorOptions options;
  private final Catalog catalog;
  private final Random random;
  private final Consumer<Event> events;
  private long orders;

  UserDay(GeneratorOptions options, Catalog catalog, Random random, Consumer<Event> events) {
    this.options = options;
    this.catalog = catalog;
    this.random = random;
    this.events = events;
  }

  void play(String userId, long start) {
    Person person = new Person(userId, CHANNELS.get(random.nextInt(CHANNELS.size())));
    double kind = random.nextDouble();
    if (kind < ORDERS_WITHOUT_VISIT) {
      person.order(start, catalog.pick(random));
    } else if (kind < ORDERS_WITHOUT_VISIT + ORDERS_BEFORE_VISIT) {
      person.order(start, catalog.pick(random));
      person.browse(start + between(MINUTE, HOUR));
    } else {
      person.visit(start);
    }
  }

  /** Mostly the least, each next number less likely by that factor. */
  private int geometric(int least, double factor, int most) {
    int number = least;
    while (number < most && chance(factor)) {
      number++;
    }
    return number;
  }

  private boolean chance(double share) {
    return random.nextDouble() < share;
  }

  private long between(long least, long below) {
    return least + (long) (random.nextDouble() * (below - least));
  }

  private final class Person {
    private final String userId;
    private final String channel;
    private Product seen;

    Person(String userId, String channel) {
      this.userId = userId;
      this.channel = channel;
    }

    void visit(long start) {
      long at = browse(start);
      if (chance(options.buyerShare())) {
        int times = geometric(1, 0.25, 4);
        for (int i = 0; i < times; i++) {
          at += between(MINUTE / 4, i == 0 ? 10 * MINUTE : 3 * HOUR);
          cartAndOrder(at);
        }
      }
    }

    /** Views pages and returns the time of the last one. */
    long browse(long start) {
      long at = start;
      int views = geometric(1, 0.4, 12);
      for (int i = 0; i < views; i++) {
        at += i == 0 ? 0 : between(5_000, 2 * MINUTE);
        seen = catalog.pick(random);
        line(at, Event.Type.VIEW, seen, "", 1);
      }
      return at;
    }

    private void cartAndOrder(long at) {
      if (chance(0.6)) {
        line(at - between(1_000, 10_000), Event.Type.CART, seen, "", 1);
      }
      order(at, seen);
    }

    void order(long at, Product first) {
      String number = String.format(Locale.ROOT, "%09d", ++orders);
      boolean cancelled = chance(options.cancelShare());
      Cancellation cancellation = new Cancellation(at, number);
      int lines = geometric(1, 0.3, 6);
      for (int i = 0; i < lines; i++) {
        Product product = i == 0 ? first : catalog.pick(random);
        int quantity = geometric(1, 0.3, 9);
        line(at, Event.Type.ORDER, product, chance(NO_ORDER_ID) ? "" : "O" + number, quantity);
        if (cancelled) {
          cancellation.line(product, quantity);
        }
      }
    }

    private void line(long at, Event.Type type, Product product, String orderId, int quantity) {
      events.accept(
          new Event(
              0,
              at,
              userId,
              type,
              product.itemId(),
              orderId,
              product.price(),
              product.category(),
              quantity,
              channel));
    }

    /** The cancels of one order: all of it, a part, more than there was, or something else. */
    private final class Cancellation {
      private final double kind = random.nextDouble();
      private final long at;
      private final String number;

      Cancellation(long orderedAt, String orderNumber) {
        boolean nextDay = chance(0.15);
        at = orderedAt + (nextDay ? between(16 * HOUR, 24 * HOUR) : between(2 * MINUTE, HOUR));
        number = "C" + orderNumber;
      }

      void line(Product product, int quantity) {
        if (kind < 0.65) {
          cancel(product, quantity);
        } else if (kind < 0.85) {
          cancel(product, Math.max(1, quantity / 2));
        } else if (kind < 0.92) {
          cancel(product, quantity + 2);
        } else {
          BigDecimal neverPaid = product.price().add(new BigDecimal("0.01"));
          cancel(new Product(product.itemId(), neverPaid, product.category()), quantity);
        }
      }

      private void cancel(Product product, int quantity) {
        Person.this.line(at, Event.Type.CANCEL, product, number, -quantity);
      }
    }
  }
}
