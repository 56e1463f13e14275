package dev.beamfluss.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** What the page is made of, all of it from the class path; and the same as one file. */
final class Assets {
  /** For what is served: everything from here, nothing inline. */
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** Something that is served. */
  record Asset(String type, String text) {}

  private static final String STYLE = "text/css; charset=utf-8";
  private static final String SCRIPT = "text/javascript; charset=utf-8";

  private final Map<String, Asset> served = new LinkedHashMap<>();

  Assets() {
    String charts = webjar("uplot");
    served.put("/", new Asset("text/html; charset=utf-8", ours("page.html")));
    served.put("/uplot.css", new Asset(STYLE, read(charts + "uPlot.min.css")));
    served.put("/page.css", new Asset(STYLE, ours("page.css")));
    served.put("/uplot.js", new Asset(SCRIPT, read(charts + "uPlot.iife.min.js")));
    served.put("/page.js", new Asset(SCRIPT, ours("page.js")));
  }

  /** By path. */
  Map<String, Asset> served() {
    return served;
  }

  /**
   * The page as one file that needs no server.
   *
   * @param data what it shows, JSON
   */
  String report(String data) {
    String html = text("/");
    StringBuilder styles = new StringBuilder();
    StringBuilder scripts = new StringBuilder();
    for (Map.Entry<String, Asset> asset : served.entrySet()) {
      String path = asset.getKey().substring(1);
      String text = asset.getValue().text();
      if (asset.getValue().type().equals(STYLE)) {
        styles.append(' ').append(hash(text));
        html = replaceOnce(html, link(path), "<style>" + text + "</style>");
      } else if (asset.getValue().type().equals(SCRIPT)) {
        scripts.append(' ').append(hash(text));
        html = replaceOnce(html, script(path), "");
        // what is inline is run where it stands, and needs all that is above
        html = replaceOnce(html, "</body>", "<script>" + text + "</script>\n</body>");
      }
    }
    String policy =
        String.format(
            "default-src 'none'; script-src%s; style-src%s; img-src data:; base-uri 'none';"
                + " form-action 'none'",
            scripts, styles);
    html =
        replaceOnce(
            html,
            "<meta charset=\"utf-8\">",
            "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\""
                + policy
                + "\">");
    // of no meaning in JSON but inside of texts, where the escape is the same
    String inert = data.replace("<", "\\u003c");
    return replaceOnce(
        html,
        "</main>",
        "</main>\n<script type=\"application/json\" id=\"report\">" + inert + "</script>");
  }

  private static String link(String path) {
    return "<link rel=\"stylesheet\" href=\"" + path + "\">";
  }

  private static String script(String path) {
    return "<script src=\"" + path + "\" defer></script>";
  }

  private static String replaceOnce(String text, String what, String by) {
    int at = text.indexOf(what);
    if (at < 0) {
      throw new IllegalStateException("page.html has no " + what);
    }
    return text.substring(0, at) + by + text.substring(at + what.length());
  }

  private String text(String path) {
    Asset asset = served.get(path);
    if (asset == null) {
      throw new IllegalStateException("Nothing is served at " + path);
    }
    return asset.text();
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String webjar(String name) {
    Properties folders = new Properties();
    try (InputStream in = open("dev/beamfluss/page/webjars.properties")) {
      folders.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folders.getProperty(name);
  }

  private static String ours(String name) {
    return read("dev/beamfluss/page/" + name);
  }

  private static String read(String path) {
    try (InputStream in = open(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String path) throws IOException {
    InputStream in = Assets.class.getClassLoader().getResourceAsStream(path);
    if (in == null) {
      throw new IOException("The class path has no " + path);
    }
    return in;
  }
}
