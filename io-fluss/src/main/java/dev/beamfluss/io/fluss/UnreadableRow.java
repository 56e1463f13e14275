package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;

/**
 * A row of a log that cannot be made a Beam row, or has no event time.
 *
 * @param offset its offset in the log of its bucket, or below 0 where it is not known
 * @param what which row it is, for people
 * @param reason why it cannot be read
 */
record UnreadableRow(long offset, String what, String reason) implements Serializable {

  static void encode(UnreadableRow row, OutputStream out) throws IOException {
    VarLongCoder.of().encode(row.offset, out);
    StringUtf8Coder.of().encode(row.what, out);
    StringUtf8Coder.of().encode(row.reason, out);
  }

  static UnreadableRow decode(InputStream in) throws IOException {
    return new UnreadableRow(
        VarLongCoder.of().decode(in),
        StringUtf8Coder.of().decode(in),
        StringUtf8Coder.of().decode(in));
  }
}
