package dev.beamfluss.page;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Sends events to any number of clients, none of which is waited for. What is kept a client is the
 * names of the events that it has not got yet, once each; what is sent is the newest of that name
 * when its turn comes. So a slow client gets fewer events, not older ones, and costs no more memory
 * than a fast one.
 */
final class Hub {

  /** Where a client's events go. */
  interface Sink {
    /**
     * Begins to send, without blocking.
     *
     * @param done to be called once it is sent, on any thread, also before this returns; never
     *     where it could not be sent
     */
    void send(ByteBuffer bytes, Runnable done);

    /** Ends the answer. */
    void end();
  }

  private static final String BEAT = "";
  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.UTF_8);

  private final int maxClients;
  private final AtomicInteger number = new AtomicInteger();
  private final Map<String, byte[]> newest = new ConcurrentHashMap<>();
  private final Set<Client> clients = ConcurrentHashMap.newKeySet();

  /**
   * @param maxClients how many there may be at a time
   */
  Hub(int maxClients) {
    this.maxClients = maxClients;
  }

  /** One that listens. */
  final class Client {
    private final Sink sink;
    private final Set<String> waiting = new LinkedHashSet<>();
    private boolean sending;

    private Client(Sink sink) {
      this.sink = sink;
    }

    private void offer(List<String> names) {
      byte @Nullable [] bytes;
      synchronized (this) {
        waiting.addAll(names);
        bytes = sending ? null : next();
      }
      send(bytes);
    }

    private void sent() {
      byte @Nullable [] bytes;
      synchronized (this) {
        bytes = next();
      }
      send(bytes);
    }

    private byte @Nullable [] next() {
      String name = waiting.stream().findFirst().orElse(null);
      sending = name != null;
      if (name == null) {
        return null;
      }
      waiting.remove(name);
      return name.equals(BEAT) ? COMMENT : newest.get(name);
    }

    private void send(byte @Nullable [] bytes) {
      if (bytes != null) {
        sink.send(ByteBuffer.wrap(bytes).asReadOnlyBuffer(), this::sent);
      }
    }

    /** It is gone. */
    void leave() {
      if (clients.remove(this)) {
        number.decrementAndGet();
      }
    }
  }

  /** A new client, which gets all there is first; null where there are too many. */
  @Nullable Client join(Sink sink) {
    if (number.incrementAndGet() > maxClients) {
      number.decrementAndGet();
      return null;
    }
    Client client = new Client(sink);
    clients.add(client);
    client.offer(List.of(BEAT));
    client.offer(List.copyOf(newest.keySet()));
    return client;
  }

  /** Has all clients get an event in place of any of that name that they have not got yet. */
  void publish(String name, String json) {
    newest.put(
        name, ("event: " + name + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8));
    List<String> names = List.of(name);
    clients.forEach(client -> client.offer(names));
  }

  /** Sends a sign of life, by which clients that have gone are found. */
  void beat() {
    List<String> names = List.of(BEAT);
    clients.forEach(client -> client.offer(names));
  }

  int clients() {
    return number.get();
  }

  void close() {
    clients.forEach(client -> client.sink.end());
  }
}
