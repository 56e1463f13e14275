package dev.beamfluss.page;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Serves the page and its events. It answers GET alone, knows a handful of fixed paths, and no
 * request changes anything. A client is a connection, not a thread.
 */
final class WebServer implements AutoCloseable {
  /** Also what a client that takes nothing may hold its connection for. */
  private static final long IDLE_MILLIS = 30_000;

  private static final int MAX_CONNECTIONS = 2_000;
  private static final int MAX_THREADS = 8;

  private final Server server;
  private final String host;
  private final ServerConnector connector;

  /**
   * @param host the address to listen at
   * @param port the port to listen at; 0 for any that is free
   * @throws IllegalArgumentException if the host is unknown
   * @throws IllegalStateException if the port cannot be had; the message says what to do
   */
  WebServer(String host, int port, Hub hub) {
    this.host = host;
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 2);
    threads.setName("page-server");
    threads.setDaemon(true);
    this.server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(8 * 1024);
    this.connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost(host);
    connector.setPort(port);
    connector.setIdleTimeout(IDLE_MILLIS);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
    server.setHandler(new Pages(hub, isLoopback(host)));
    // its own would tell what went wrong inside
    server.setErrorHandler(
        (request, response, callback) -> {
          callback.succeeded();
          return true;
        });
    try {
      server.start();
    } catch (Exception e) {
      close();
      throw new IllegalStateException(
          String.format(
              "Cannot listen at %s:%d: %s. Give another --port, or 0 for any that is free.",
              host, port, e.getMessage()),
          e);
    }
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          String.format("There is no host '%s'. Give an address of this machine as --host.", host),
          e);
    }
  }

  /** Where the page is. */
  URI uri() {
    String name = host.contains(":") ? "[" + host + "]" : host;
    return URI.create("http://" + name + ":" + connector.getLocalPort() + "/");
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("Could not stop the page's server", e);
    }
  }

  private static final class Pages extends Handler.Abstract.NonBlocking {
    private final Map<String, Assets.Asset> assets = new Assets().served();
    private final Hub hub;
    private final boolean loopback;

    Pages(Hub hub, boolean loopback) {
      this.hub = hub;
      this.loopback = loopback;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      response.getHeaders().put("Content-Security-Policy", Assets.POLICY);
      response.getHeaders().put("X-Content-Type-Options", "nosniff");
      response.getHeaders().put("Referrer-Policy", "no-referrer");
      response.getHeaders().put("Cross-Origin-Resource-Policy", "same-origin");
      response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
      String path = Request.getPathInContext(request);
      Assets.Asset asset = assets.get(path);
      if (!HttpMethod.GET.is(request.getMethod())) {
        response.getHeaders().put(HttpHeader.ALLOW, "GET");
        refuse(response, callback, HttpStatus.METHOD_NOT_ALLOWED_405, "This page is read-only.");
      } else if (loopback && !isLocal(Request.getServerName(request))) {
        refuse(
            response,
            callback,
            HttpStatus.MISDIRECTED_REQUEST_421,
            "This page is served to this machine alone, by the names localhost and 127.0.0.1.");
      } else if (asset != null) {
        answer(response, callback, asset.type(), asset.text());
      } else if (path.equals("/events")) {
        listen(response, callback);
      } else {
        refuse(response, callback, HttpStatus.NOT_FOUND_404, "There is nothing here.");
      }
      return true;
    }

    /**
     * Any other name is one that somebody has made to lead here, to read it from their own page.
     */
    private static boolean isLocal(@Nullable String name) {
      if (name == null) {
        return false;
      }
      String host = name.toLowerCase(Locale.ROOT);
      return host.equals("localhost")
          || host.matches("127(\\.\\d{1,3}){3}")
          || host.equals("[::1]")
          || host.equals("::1");
    }

    private static void refuse(Response response, Callback callback, int status, String why) {
      response.setStatus(status);
      answer(response, callback, "text/plain; charset=utf-8", why + "\n");
    }

    private static void answer(Response response, Callback callback, String type, String text) {
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
      response.write(true, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), callback);
    }

    private void listen(Response response, Callback callback) {
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8");
      Events events = new Events(response, callback);
      Hub.@Nullable Client client = hub.join(events);
      if (client == null) {
        response.getHeaders().put(HttpHeader.RETRY_AFTER, "10");
        refuse(
            response,
            callback,
            HttpStatus.SERVICE_UNAVAILABLE_503,
            "Too many are looking at this page already.");
      } else {
        events.is(client);
      }
    }
  }

  /** The events of one client, until one cannot be sent. */
  private static final class Events implements Hub.Sink {
    private final Response response;
    private final Callback callback;
    private final AtomicReference<Runnable> leave = new AtomicReference<>();

    Events(Response response, Callback callback) {
      this.response = response;
      this.callback = callback;
    }

    /** It may have gone before this is known. */
    void is(Hub.Client client) {
      if (!leave.compareAndSet(null, client::leave)) {
        client.leave();
      }
    }

    @Override
    public void send(ByteBuffer bytes, Runnable done) {
      response.write(false, bytes, Callback.from(done, this::failed));
    }

    private void failed(Throwable reason) {
      Runnable left = leave.getAndSet(() -> {});
      if (left != null) {
        left.run();
      }
      callback.failed(reason);
    }

    @Override
    public void end() {
      callback.failed(new java.io.EOFException("The page is closed"));
    }
  }
}
