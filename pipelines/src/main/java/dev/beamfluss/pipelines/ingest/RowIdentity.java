package dev.beamfluss.pipelines.ingest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What tells a row from others: the first 128 bits of the SHA-256 of its columns. Two rows are the
 * same if all their columns are, prices by value. A digest is far smaller than the row.
 */
record RowIdentity(long high, long low) {

  private static final String SEPARATOR = "\u001f";

  static RowIdentity of(Event event) {
    String row =
        String.join(
            SEPARATOR,
            Long.toString(event.timestampMillis()),
            event.userId(),
            event.type().text(),
            event.itemId(),
            event.orderId(),
            event.price().stripTrailingZeros().toPlainString(),
            event.category(),
            Integer.toString(event.quantity()),
            event.country());
    ByteBuffer digest = ByteBuffer.wrap(sha256().digest(row.getBytes(StandardCharsets.UTF_8)));
    return new RowIdentity(digest.getLong(), digest.getLong());
  }

  /** The first 16 hexadecimal digits of the SHA-256. */
  String hex() {
    return HexFormat.of().toHexDigits(high);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
