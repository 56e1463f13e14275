package dev.beamfluss.page;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What each client gets, and that nobody is waited for. */
class HubTest {

  private static final class Slow implements Hub.Sink {
    private final List<String> sent = new ArrayList<>();
    private Runnable done = () -> {};

    @Override
    public void send(ByteBuffer bytes, Runnable whenDone) {
      sent.add(StandardCharsets.UTF_8.decode(bytes).toString());
      done = whenDone;
    }

    /** Takes what it was sent, so that it is sent the next. */
    void take() {
      Runnable now = done;
      done = () -> {};
      now.run();
    }

    @Override
    public void end() {}
  }

  @Test
  void aSlowClientGetsTheNewestOfEachOnceItTakes() {
    Hub hub = new Hub(10);
    Slow slow = new Slow();
    hub.join(slow);
    for (int i = 0; i <= 1_000; i++) {
      hub.publish("a", "{\"i\":" + i + "}");
      hub.publish("b", "{\"i\":" + -i + "}");
      hub.beat();
    }
    assertThat("it is sent nothing before it takes", slow.sent, hasSize(1));
    for (int i = 0; i < 10; i++) {
      slow.take();
    }
    assertThat(
        slow.sent,
        is(
            List.of(
                ":\n\n",
                "event: a\ndata: {\"i\":1000}\n\n",
                "event: b\ndata: {\"i\":-1000}\n\n",
                ":\n\n")));
  }

  @Test
  void oneWhoJoinsLaterGetsWhatThereIs() {
    Hub hub = new Hub(10);
    hub.publish("a", "{}");
    Slow late = new Slow();
    hub.join(late);
    late.take();
    assertThat(late.sent.get(1), containsString("event: a"));
  }

  @Test
  void thereAreOnlySoMany() {
    Hub hub = new Hub(1);
    Hub.Client first = hub.join(new Slow());
    assertThat(hub.join(new Slow()), nullValue());
    first.leave();
    first.leave();
    assertThat(hub.clients(), is(0));
    hub.join(new Slow());
    assertThat(hub.clients(), is(1));
  }
}
