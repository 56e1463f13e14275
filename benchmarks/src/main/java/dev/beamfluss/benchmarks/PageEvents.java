package dev.beamfluss.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** One who looks at the view of order attribution. */
final class PageEvents implements AutoCloseable {
  private final Stream<String> lines;
  private final Consumer<JsonNode> view;

  /**
   * @param view told of each version of the view, by one thread, as soon as it has come
   */
  PageEvents(URI page, Consumer<JsonNode> view) throws IOException, InterruptedException {
    this.view = view;
    this.lines =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(page.resolve("/events")).build(),
                HttpResponse.BodyHandlers.ofLines())
            .body();
    Thread reader = new Thread(this::read, "page-listener");
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    ObjectMapper json = new ObjectMapper();
    boolean isOurs = false;
    try {
      for (Iterator<String> all = lines.iterator(); all.hasNext(); ) {
        String line = all.next();
        if (line.startsWith("event: ")) {
          isOurs = line.equals("event: attribution");
        } else if (isOurs && line.startsWith("data: ")) {
          view.accept(json.readTree(line.substring("data: ".length())));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (UncheckedIOException e) {
      return; // the page is closed
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
