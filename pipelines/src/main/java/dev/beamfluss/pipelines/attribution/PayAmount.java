package dev.beamfluss.pipelines.attribution;

import java.math.BigDecimal;
import java.util.regex.Pattern;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What an order costs, which the reference keeps as text: a plain decimal number with at most 20
 * digits before the point and 6 after it, further zeros aside.
 */
final class PayAmount {
  /** Decimal places of amounts and of their sums. */
  static final int SCALE = 6;

  private static final Pattern READABLE =
      Pattern.compile("[+-]?\\d{1,20}(\\.\\d{0," + SCALE + "}0*)?");

  private PayAmount() {}

  /** The amount with {@link #SCALE} decimal places, or null where the text is no such number. */
  static @Nullable BigDecimal of(@Nullable String text) {
    return text != null && READABLE.matcher(text).matches()
        ? new BigDecimal(text).setScale(SCALE)
        : null;
  }
}
