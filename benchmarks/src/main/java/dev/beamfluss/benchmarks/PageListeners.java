package dev.beamfluss.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many who look at a page, in this JVM, with one thread for all, which takes what they are sent and
 * looks at none of it. Of ten one is slow: it takes 4 KB a second. Of fifty one takes nothing.
 */
final class PageListeners implements AutoCloseable {
  private static final int SLOW_OF = 10;
  private static final int STUCK_OF = 50;
  private static final int SLOW_BYTES = 4 * 1024;
  private static final int SMALL_BUFFER = 16 * 1024;
  private static final long TICK_MILLIS = 1_000;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Selector selector = Selector.open();
  private final List<SocketChannel> slow = new ArrayList<>();
  private final List<SocketChannel> all = new ArrayList<>();
  private final AtomicInteger listening = new AtomicInteger();
  private final AtomicInteger gone = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private final Thread thread = new Thread(this::take, "page-listeners");
  private int stuck;

  PageListeners(URI page, int number) throws IOException {
    byte[] request =
        ("GET /events HTTP/1.1\r\nHost: " + page.getAuthority() + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < number; i++) {
      SocketChannel channel = SocketChannel.open();
      all.add(channel);
      boolean isStuck = i % STUCK_OF == 1;
      boolean isSlow = i % SLOW_OF == 0;
      if (isStuck || isSlow) {
        channel.setOption(StandardSocketOptions.SO_RCVBUF, SMALL_BUFFER);
      }
      channel.connect(new InetSocketAddress(page.getHost(), page.getPort()));
      channel.write(ByteBuffer.wrap(request));
      channel.configureBlocking(false);
      if (isStuck) {
        stuck++;
      } else if (isSlow) {
        slow.add(channel);
      } else {
        channel.register(selector, SelectionKey.OP_READ, new AtomicInteger());
      }
    }
    thread.setDaemon(true);
    thread.start();
  }

  private void take() {
    ByteBuffer into = ByteBuffer.allocateDirect(64 * 1024);
    long nextTick = System.nanoTime();
    try {
      while (selector.isOpen()) {
        selector.select(key -> takeOf(key, into), TICK_MILLIS);
        if (System.nanoTime() >= nextTick) {
          nextTick += TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
          for (SocketChannel channel : slow) {
            into.clear().limit(SLOW_BYTES);
            count(channel, into);
          }
        }
      }
    } catch (ClosedSelectorException e) {
      return; // the end
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void takeOf(SelectionKey key, ByteBuffer into) {
    into.clear();
    int taken = count((SocketChannel) key.channel(), into);
    if (taken > 0 && ((AtomicInteger) key.attachment()).getAndIncrement() == 0) {
      listening.incrementAndGet();
    } else if (taken < 0) {
      key.cancel();
    }
  }

  private int count(SocketChannel channel, ByteBuffer into) {
    int taken;
    try {
      taken = channel.isOpen() ? channel.read(into) : 0;
      if (taken < 0) {
        channel.close();
      }
    } catch (IOException e) {
      taken = -1;
    }
    if (taken < 0) {
      gone.incrementAndGet();
    } else {
      bytes.addAndGet(taken);
    }
    return taken;
  }

  /** Waits until each that takes what comes was sent something. */
  void awaitAll() throws InterruptedException {
    int expected = all.size() - slow.size() - stuck;
    long start = System.nanoTime();
    while (listening.get() < expected) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        throw new IllegalStateException(
            String.format("Of %d clients, %d were sent anything.", expected, listening.get()));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** What they took so far. */
  long bytes() {
    return bytes.get();
  }

  /**
   * @throws IllegalStateException if one that takes what comes was cut off
   */
  void requireAll() {
    if (gone.get() > 0) {
      throw new IllegalStateException(gone.get() + " clients were cut off.");
    }
  }

  @Override
  public void close() throws IOException {
    selector.close();
    for (SocketChannel channel : all) {
      channel.close();
    }
  }
}
