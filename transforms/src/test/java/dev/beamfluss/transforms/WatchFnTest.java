package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.sameInstance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.runners.core.InMemoryStateInternals;
import org.apache.beam.runners.core.StateNamespaces;
import org.apache.beam.runners.core.StateTags;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.MapState;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn.OutputReceiver;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.OutputBuilder;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.WindowedValues;
import org.junit.jupiter.api.Test;

/** State as a runner keeps it that gives out the very objects it holds. */
class WatchFnTest {
  private static final CubeCell TOTAL = CubeCell.of((String) null);
  private static final ReleaseWatch WATCH =
      ReleaseWatch.comparing("release", "grey", "base")
          .by("page")
          .ofKinds("event")
          .withTraffic("view");

  private final InMemoryStateInternals<String> state = InMemoryStateInternals.forKey("total");
  private final MapState<CubeCell, WatchedCell> cells =
      state.state(
          StateNamespaces.global(), StateTags.map("cells", CubeCell.CODER, WatchedCell.CODER));
  private final ValueState<WatchLedger> ledger =
      state.state(StateNamespaces.global(), StateTags.value("ledger", WatchLedger.CODER));
  private final BagState<CellSums> arrived =
      state.state(StateNamespaces.global(), StateTags.bag("arrived", CellSums.CODER));
  private final WatchFn watch =
      new WatchFn(WATCH.settings(), Duration.ofMillis(200), ReleaseWatch.alertSchema("page"));

  private void look(int second) {
    CellSums sums = new CellSums();
    sums.add(TOTAL, "view", CellSums.BASE, 900, second * 1_000L);
    sums.add(TOTAL, "view", CellSums.CANARY, 100, second * 1_000L);
    arrived.add(sums);
    watch.onLook(cells, ledger, arrived, new Alerts());
  }

  private static final class Alerts implements OutputReceiver<Row> {
    private final List<Row> alerts = new ArrayList<>();

    @Override
    public OutputBuilder<Row> builder(Row alert) {
      return WindowedValues.builder(WindowedValues.valueInGlobalWindow(alert))
          .setReceiver(value -> alerts.add(value.getValue()));
    }
  }

  private static <T> byte[] bytes(Coder<T> coder, T value) throws CoderException {
    return CoderUtils.encodeToByteArray(coder, value);
  }

  /** A checkpoint may be written of it yet, and must not have what came afterwards. */
  @Test
  void whatWasReadFromStateStaysAsItIs() throws CoderException {
    look(1);
    WatchedCell cell = cells.get(TOTAL).read();
    WatchLedger past = ledger.read();
    assertThat("the state gives out what it holds", ledger.read(), is(sameInstance(past)));
    byte[] cellBefore = bytes(WatchedCell.CODER, cell);
    byte[] ledgerBefore = bytes(WatchLedger.CODER, past);

    look(2);

    assertThat(bytes(WatchedCell.CODER, cell), is(cellBefore));
    assertThat(bytes(WatchLedger.CODER, past), is(ledgerBefore));
    assertThat(bytes(WatchedCell.CODER, cells.get(TOTAL).read()), is(not(cellBefore)));
    assertThat(bytes(WatchLedger.CODER, ledger.read()), is(not(ledgerBefore)));
  }
}
