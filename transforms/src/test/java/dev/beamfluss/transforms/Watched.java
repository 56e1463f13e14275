package dev.beamfluss.transforms;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A watch without a pipeline: cells in a map, looks when one likes. */
final class Watched implements ReleaseMonitor.Cells {
  private final WatchSettings settings;
  private final int[] groupingSets;
  private final boolean stored;
  private final Map<CubeCell, WatchedCell> cells = new HashMap<>();
  private WatchLedger ledger = new WatchLedger();
  private CellSums arriving = new CellSums();

  /**
   * @param stored whether all state goes through its coders, as it may in a pipeline
   */
  Watched(ReleaseWatch watch, boolean stored) {
    this.settings = watch.settings();
    this.groupingSets = watch.groupingSetBits();
    this.stored = stored;
  }

  void count(CubeCell cell, String kind, int arm, long rows, long time) {
    if (rows > 0) {
      arriving.add(cell, kind, arm, rows, time);
    }
  }

  List<ReleaseAlert> look() {
    CellSums sums = new CellSums();
    sums.add(copy(CellSums.CODER, arriving.rollUp(groupingSets)));
    arriving = new CellSums();
    if (sums.byCell().isEmpty()) {
      return new ArrayList<>();
    }
    List<ReleaseAlert> alerts = ReleaseMonitor.look(sums, settings, ledger, this);
    ledger = copy(WatchLedger.CODER, ledger);
    return alerts;
  }

  int cells() {
    return cells.size();
  }

  int hypotheses() {
    return ledger.hypotheses();
  }

  private <T> T copy(Coder<T> coder, T value) {
    if (!stored) {
      return value;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      coder.encode(value, bytes);
      ByteArrayInputStream read = new ByteArrayInputStream(bytes.toByteArray());
      T copy = coder.decode(read);
      if (read.available() > 0) {
        throw new IllegalStateException(coder + " leaves bytes behind");
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public @Nullable WatchedCell get(CubeCell cell) {
    return cells.get(cell);
  }

  @Override
  public void put(CubeCell cell, WatchedCell watched) {
    cells.put(copy(CubeCell.CODER, cell), copy(WatchedCell.CODER, watched));
  }

  @Override
  public void remove(CubeCell cell) {
    cells.remove(cell);
  }

  @Override
  public Iterable<Map.Entry<CubeCell, WatchedCell>> all() {
    return cells.entrySet();
  }
}
