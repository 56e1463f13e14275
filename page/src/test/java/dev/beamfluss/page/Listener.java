package dev.beamfluss.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** One who looks at the page, with the newest event of each name. */
final class Listener implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, JsonNode> newest = new ConcurrentHashMap<>();
  private final Stream<String> lines;

  Listener(URI page) throws IOException, InterruptedException {
    this.lines =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(page.resolve("/events")).build(),
                HttpResponse.BodyHandlers.ofLines())
            .body();
    Thread thread = new Thread(this::read, "page-listener");
    thread.setDaemon(true);
    thread.start();
  }

  private void read() {
    String name = "";
    try {
      for (Iterator<String> all = lines.iterator(); all.hasNext(); ) {
        String line = all.next();
        if (line.startsWith("event: ")) {
          name = line.substring("event: ".length());
        } else if (line.startsWith("data: ")) {
          newest.put(name, JSON.readTree(line.substring("data: ".length())));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (UncheckedIOException e) {
      newest.clear(); // the page is closed
    }
  }

  JsonNode newest(String name) {
    return newest.getOrDefault(name, MissingNode.getInstance());
  }

  String state(String name) {
    return newest(name).path("state").asText();
  }

  /** The value of a figure whose label begins so. */
  String figure(String name, String label) {
    for (JsonNode figure : newest(name).path("figures")) {
      if (figure.path("label").asText().startsWith(label)) {
        return figure.path("value").asText();
      }
    }
    return "";
  }

  @Override
  public void close() {
    lines.close();
  }
}
