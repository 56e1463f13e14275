package dev.beamfluss.transforms;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.CustomCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.util.VarInt;
import org.checkerframework.checker.nullness.qual.Nullable;

/** How many rows of canary and baseline there were, by cell and kind, and when the latest was. */
final class CellSums {
  static final int CANARY = 0;
  static final int BASE = 1;

  static final Coder<CellSums> CODER = new SumsCoder();

  private final Map<CubeCell, Map<String, long[]>> sums = new LinkedHashMap<>();
  private long latest = Long.MIN_VALUE;

  void add(CubeCell cell, String kind, int arm, long rows, long time) {
    arms(cell, kind)[arm] += rows;
    latest = Math.max(latest, time);
  }

  void add(CellSums more) {
    more.sums.forEach((cell, kinds) -> kinds.forEach((kind, arms) -> add(cell, kind, arms)));
    latest = Math.max(latest, more.latest);
  }

  private void add(CubeCell cell, String kind, long[] more) {
    long[] arms = arms(cell, kind);
    arms[CANARY] += more[CANARY];
    arms[BASE] += more[BASE];
  }

  private long[] arms(CubeCell cell, String kind) {
    return sums.computeIfAbsent(cell, unused -> new LinkedHashMap<>(4))
        .computeIfAbsent(kind, unused -> new long[2]);
  }

  /** Sums of the cells that keep some dimensions, for each of the sets of dimensions. */
  CellSums rollUp(int[] groupingSets) {
    CellSums rolledUp = new CellSums();
    rolledUp.latest = latest;
    sums.forEach(
        (cell, kinds) -> {
          for (int kept : groupingSets) {
            CubeCell into = cell.rollUp(kept);
            kinds.forEach((kind, arms) -> rolledUp.add(into, kind, arms));
          }
        });
    return rolledUp;
  }

  Map<CubeCell, Map<String, long[]>> byCell() {
    return sums;
  }

  /** Milliseconds since the epoch. */
  long latest() {
    return latest;
  }

  /** A version, the time, the names of the kinds once, then the cells. */
  private static final class SumsCoder extends CustomCoder<CellSums> {
    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    @Override
    public void encode(CellSums value, OutputStream out) throws IOException {
      out.write(VERSION);
      VarInt.encode(value.latest, out);
      Map<String, Integer> kinds = new HashMap<>();
      List<String> names = new ArrayList<>();
      for (Map<String, long[]> of : value.sums.values()) {
        for (String kind : of.keySet()) {
          if (kinds.putIfAbsent(kind, kinds.size()) == null) {
            names.add(kind);
          }
        }
      }
      VarInt.encode(names.size(), out);
      for (String kind : names) {
        StringUtf8Coder.of().encode(kind, out);
      }
      VarInt.encode(value.sums.size(), out);
      for (Map.Entry<CubeCell, Map<String, long[]>> cell : value.sums.entrySet()) {
        CubeCell.CODER.encode(cell.getKey(), out);
        VarInt.encode(cell.getValue().size(), out);
        for (Map.Entry<String, long[]> kind : cell.getValue().entrySet()) {
          VarInt.encode(kinds.get(kind.getKey()), out);
          VarInt.encode(kind.getValue()[CANARY], out);
          VarInt.encode(kind.getValue()[BASE], out);
        }
      }
    }

    @Override
    public CellSums decode(InputStream in) throws IOException {
      int version = in.read();
      if (version != VERSION) {
        throw new CoderException("Sums of cells of an unknown version: " + version);
      }
      CellSums value = new CellSums();
      value.latest = VarInt.decodeLong(in);
      String[] names = new String[VarInt.decodeInt(in)];
      for (int i = 0; i < names.length; i++) {
        names[i] = StringUtf8Coder.of().decode(in);
      }
      for (int cells = VarInt.decodeInt(in); cells > 0; cells--) {
        CubeCell cell = CubeCell.CODER.decode(in);
        for (int kinds = VarInt.decodeInt(in); kinds > 0; kinds--) {
          String kind = names[VarInt.decodeInt(in)];
          value.add(cell, kind, new long[] {VarInt.decodeLong(in), VarInt.decodeLong(in)});
        }
      }
      return value;
    }

    @Override
    public void verifyDeterministic() throws NonDeterministicException {
      throw new NonDeterministicException(this, "Cells come in the order in which they were met.");
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof SumsCoder;
    }

    @Override
    public int hashCode() {
      return SumsCoder.class.hashCode();
    }
  }
}
