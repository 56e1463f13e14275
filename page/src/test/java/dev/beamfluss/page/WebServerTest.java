package dev.beamfluss.page;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the server answers, and that clients that take nothing hold nobody up. */
class WebServerTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final Hub hub = new Hub(120);
  private final WebServer server = new WebServer("127.0.0.1", 0, hub);
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    server.close();
  }

  private HttpResponse<String> ask(String method, String path)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(server.uri().resolve(path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(TIMEOUT)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private Socket raw(String request) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort());
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Test
  void everythingIsServedUnderTheStrictPolicy() throws Exception {
    for (String path : List.of("/", "/page.js", "/page.css", "/uplot.js", "/uplot.css", "/none")) {
      HttpResponse<String> answer = ask("GET", path);
      assertThat(path, answer.statusCode(), is(path.equals("/none") ? 404 : 200));
      String policy = answer.headers().firstValue("Content-Security-Policy").orElse("");
      assertThat(policy, startsWith("default-src 'none'; script-src 'self'; style-src 'self';"));
      assertThat(policy, not(containsString("unsafe")));
      assertThat(answer.headers().firstValue("X-Content-Type-Options").orElse(""), is("nosniff"));
    }
    assertThat(ask("GET", "/").body(), not(containsString("http")));
  }

  @Test
  void onlyGetIsAnswered() throws Exception {
    for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE")) {
      for (String path : List.of("/", "/events")) {
        HttpResponse<String> answer = ask(method, path);
        assertThat(method + " " + path, answer.statusCode(), is(405));
        assertThat(answer.headers().firstValue("Allow").orElse(""), is("GET"));
      }
    }
    assertThat(hub.clients(), is(0));
  }

  @Test
  void itListensOnLoopbackAndToNamesOfThisMachine() throws Exception {
    assertThat(server.uri().getHost(), is("127.0.0.1"));
    for (String host : List.of("localhost", "127.0.0.1:8090", "[::1]:1")) {
      assertThat(host, statusLine(host), containsString(" 200 "));
    }
    for (String host : List.of("example.org", "127.0.0.1.example.org", "localhost.example.org")) {
      assertThat(host, statusLine(host), containsString(" 421 "));
    }
  }

  private String statusLine(String host) throws IOException {
    try (Socket socket = raw("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
      return in.readLine();
    }
  }

  @Test
  void filesOutsideAreNotServed() throws Exception {
    for (String path : List.of("/../page.js", "/%2e%2e/page.js", "/page.js/..;/x", "/.git")) {
      try (Socket socket = raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
          BufferedReader in =
              new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
        assertThat(path, in.readLine(), containsString(" 40"));
      }
    }
  }

  @Test
  void aPortThatIsTakenIsSaidToBe() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> new WebServer("127.0.0.1", server.uri().getPort(), hub).close());
    assertThat(e.getMessage(), containsString("Give another --port"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new WebServer("no.such.host.invalid", 0, hub).close());
  }

  @Test
  void hundredClientsGetTheNewestThoughSomeTakeNothing() throws Exception {
    List<Socket> stuck = new ArrayList<>();
    ConcurrentHashMap<Integer, String> newest = new ConcurrentHashMap<>();
    List<Stream<String>> open = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        stuck.add(raw("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      }
      for (int i = 0; i < 90; i++) {
        int number = i;
        HttpResponse<Stream<String>> answer =
            client.send(
                HttpRequest.newBuilder(events()).timeout(TIMEOUT).build(),
                HttpResponse.BodyHandlers.ofLines());
        open.add(answer.body());
        Thread reader =
            new Thread(
                () ->
                    answer
                        .body()
                        .filter(line -> line.startsWith("data:"))
                        .forEach(line -> newest.put(number, line.substring(line.length() - 8))),
                "sse-" + i);
        reader.setDaemon(true);
        reader.start();
      }
      await().atMost(TIMEOUT).until(hub::clients, is(100));
      // more than the buffers of a connection that nobody reads can take
      String filling = "x".repeat(100_000);
      long start = System.nanoTime();
      for (int i = 1; i <= 200; i++) {
        hub.publish("view", String.format("{\"f\":\"%s\",\"i\":%06d}", filling, i));
      }
      long took = Duration.ofNanos(System.nanoTime() - start).toMillis();
      assertThat("publishing waits for nobody, ms", took, lessThan(20_000L));
      await()
          .atMost(TIMEOUT)
          .until(() -> newest.values().stream().filter(":000200}"::equals).count(), is(90L));
      for (int i = 0; i < 20; i++) {
        stuck.add(raw("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      }
      await().atMost(TIMEOUT).until(hub::clients, is(120));
      HttpResponse<String> tooMany = ask("GET", "/events");
      assertThat(tooMany.statusCode(), is(503));
      assertThat(ask("GET", "/").statusCode(), is(200));
      for (Socket socket : stuck) {
        socket.close();
      }
      await()
          .atMost(TIMEOUT)
          .until(
              () -> {
                hub.beat();
                return hub.clients();
              },
              is(90));
    } finally {
      for (Socket socket : stuck) {
        socket.close();
      }
      open.forEach(Stream::close);
    }
  }

  private URI events() {
    return server.uri().resolve("/events");
  }
}
