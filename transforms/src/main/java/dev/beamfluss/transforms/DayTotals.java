package dev.beamfluss.transforms;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.util.Arrays;
import org.apache.beam.sdk.coders.BigDecimalCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.CustomCoder;
import org.apache.beam.sdk.util.VarInt;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What each minute of a day of one source had, and how far its totals have been told. Mutable, so
 * what is read from state must be copied first.
 */
final class DayTotals {
  static final Coder<DayTotals> CODER = new TotalsCoder();

  private static final int NONE = -1;

  private final long[] rows;
  private final long[] counts;
  private final BigDecimal[] amounts;
  private int told = NONE;
  private int latest = NONE;

  DayTotals() {
    rows = new long[LocalMinutes.A_DAY];
    counts = new long[LocalMinutes.A_DAY];
    amounts = new BigDecimal[LocalMinutes.A_DAY];
    Arrays.fill(amounts, BigDecimal.ZERO);
  }

  private DayTotals(DayTotals other) {
    rows = other.rows.clone();
    counts = other.counts.clone();
    amounts = other.amounts.clone();
    told = other.told;
    latest = other.latest;
  }

  DayTotals copy() {
    return new DayTotals(this);
  }

  /** A row came. */
  void add(int minute, BigDecimal amount) {
    rows[minute]++;
    amounts[minute] = amounts[minute].add(amount);
    latest = Math.max(latest, minute);
  }

  /** What is counted is more there, or less. */
  void count(int minute, int more) {
    counts[minute] += more;
  }

  /** The last minute that was told once it was over; -1 before the first. */
  int told() {
    return told;
  }

  void tellTo(int minute) {
    told = minute;
  }

  /** The last minute that has a row. */
  int latest() {
    return latest;
  }

  /** What there is from the beginning of the day to the end of a minute. */
  @FunctionalInterface
  interface Visitor {
    void total(int minute, long rows, long count, BigDecimal amount);
  }

  /** Visits minutes in their order, both ends included. */
  void forEach(int from, int to, Visitor visitor) {
    long rowsSoFar = 0;
    long countSoFar = 0;
    BigDecimal amountSoFar = BigDecimal.ZERO;
    for (int minute = 0; minute <= to; minute++) {
      rowsSoFar += rows[minute];
      countSoFar += counts[minute];
      amountSoFar = amountSoFar.add(amounts[minute]);
      if (minute >= from) {
        visitor.total(minute, rowsSoFar, countSoFar, amountSoFar);
      }
    }
  }

  /** A version, how far it is told, then the minutes that have rows. */
  private static final class TotalsCoder extends CustomCoder<DayTotals> {
    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    @Override
    public void encode(DayTotals value, OutputStream out) throws IOException {
      out.write(VERSION);
      VarInt.encode(value.told - NONE, out);
      int minutes = 0;
      for (long rows : value.rows) {
        minutes += rows == 0 ? 0 : 1;
      }
      VarInt.encode(minutes, out);
      for (int minute = 0; minute <= value.latest; minute++) {
        if (value.rows[minute] != 0) {
          VarInt.encode(minute, out);
          VarInt.encode(value.rows[minute], out);
          VarInt.encode(value.counts[minute], out);
          BigDecimalCoder.of().encode(value.amounts[minute], out);
        }
      }
    }

    @Override
    public DayTotals decode(InputStream in) throws IOException {
      int version = in.read();
      if (version != VERSION) {
        throw new CoderException("Totals of a day of an unknown version: " + version);
      }
      DayTotals value = new DayTotals();
      value.told = VarInt.decodeInt(in) + NONE;
      for (int minutes = VarInt.decodeInt(in); minutes > 0; minutes--) {
        int minute = VarInt.decodeInt(in);
        value.rows[minute] = VarInt.decodeLong(in);
        value.counts[minute] = VarInt.decodeLong(in);
        value.amounts[minute] = BigDecimalCoder.of().decode(in);
        value.latest = minute;
      }
      return value;
    }

    @Override
    public void verifyDeterministic() {}

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof TotalsCoder;
    }

    @Override
    public int hashCode() {
      return TotalsCoder.class.hashCode();
    }
  }
}
