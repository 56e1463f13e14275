package dev.beamfluss.page;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * The browser that is installed (packages {@code chromium} and {@code chromium-driver} of Debian),
 * with the page in it. Leaves screenshots in {@code target/screenshots}.
 */
final class Browser implements AutoCloseable {
  static final Path SCREENSHOTS = Path.of("target", "screenshots");

  private static final Duration TIMEOUT = Duration.ofSeconds(90);
  private static final int LAPTOP = 1280;
  private static final int PHONE = 390;
  private static final int VIEWS = 7;
  private static final String NO_BROWSER =
      "SKIPPED: no Chromium with chromedriver on this machine; the page is not tested in a"
          + " browser. Install the packages chromium and chromium-driver.";

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Skips the test where there is none. */
  static Browser open() throws Exception {
    String chromium = program("chromium", "chromium-browser", "google-chrome");
    String chromedriver = program("chromedriver");
    if (chromium == null || chromedriver == null) {
      // where a reason of JUnit's is not shown
      System.out.println(NO_BROWSER);
    }
    assumeTrue(chromium != null && chromedriver != null, NO_BROWSER);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium);
    options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage");
    options.addArguments("--disable-gpu", "--window-size=1280,900");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    Files.createDirectories(SCREENSHOTS);
    return new Browser(
        new ChromeDriver(
            new ChromeDriverService.Builder().usingDriverExecutable(new File(chromedriver)).build(),
            options));
  }

  private static @Nullable String program(String... names) throws Exception {
    for (String name : names) {
      for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
        Path path = Path.of(folder, name);
        if (Files.isExecutable(path) && runs(path)) {
          return path.toString();
        }
      }
    }
    return null;
  }

  /** Some systems have a program of that name that only says where to get it. */
  private static boolean runs(Path program) throws Exception {
    Process process =
        new ProcessBuilder(program.toString(), "--version")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return false;
    }
    return process.exitValue() == 0;
  }

  ChromeDriver driver() {
    return driver;
  }

  void get(String uri) {
    driver.get(uri);
  }

  /** What an element says; empty where there is none. */
  String text(String selector) {
    return String.valueOf(
        driver.executeScript(
            "const e = document.querySelector(arguments[0]); return e ? e.textContent : ''",
            selector));
  }

  void awaitText(String selector, String part) {
    await().atMost(TIMEOUT).until(() -> text(selector), containsString(part));
  }

  /** Waits until all views are live. */
  void awaitAll() {
    await().atMost(TIMEOUT).until(this::live, is(VIEWS));
  }

  private int live() {
    return driver.findElements(By.cssSelector("section[data-state=live]")).size();
  }

  /** All that was said in its console since this was last asked. */
  List<String> console() {
    List<String> lines = new ArrayList<>();
    for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
      lines.add(entry.toString());
    }
    return lines;
  }

  /**
   * Takes pictures of the page, dark and light, on a laptop and a phone.
   *
   * @param folder in that of the screenshots
   * @param ofViews whether also of each view
   */
  void screenshots(String folder, boolean ofViews) throws Exception {
    for (boolean dark : new boolean[] {true, false}) {
      for (int width : new int[] {PHONE, LAPTOP}) {
        String name = (width == PHONE ? "phone" : "laptop") + (dark ? "-dark" : "");
        look(width, dark);
        assertThat(
            "the page is no wider than the " + name,
            driver.executeScript("return document.documentElement.scrollWidth <= innerWidth"),
            is(true));
        driver.executeScript("scrollTo(0, 0)");
        write(folder, "page-" + name, screen(width));
        List<WebElement> views =
            ofViews ? driver.findElements(By.cssSelector("section")) : List.of();
        for (WebElement section : views) {
          write(folder, section.getDomAttribute("id") + "-" + name, clip(section));
        }
      }
    }
  }

  /** Has it look like on a screen of this width, by one who likes it dark or light. */
  void look(int width, boolean dark) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width == PHONE));
    String ground =
        String.valueOf(
            driver.executeScript("return getComputedStyle(document.body).backgroundColor"));
    assertThat(ground, is(dark ? "rgb(17, 21, 26)" : "rgb(255, 255, 255)"));
    // charts follow by an event
    await()
        .atMost(TIMEOUT)
        .until(
            () ->
                driver.executeScript(
                    "return [...document.querySelectorAll('.chart')].every(box =>"
                        + " Math.abs(box.querySelector('.uplot').clientWidth - box.clientWidth) < 9)"),
            is(true));
  }

  private static Map<String, Object> screen(int width) {
    return Map.of("x", 0, "y", 0, "width", width, "height", 900, "scale", 1);
  }

  private Object clip(WebElement element) {
    return driver.executeScript(
        "const r = arguments[0].getBoundingClientRect();"
            + "return {x: r.x, y: r.y + scrollY, width: r.width, height: r.height, scale: 1}",
        element);
  }

  /** Not the driver's own, which waits for frames that a busy machine has no time for. */
  private void write(String folder, String name, Object clip) throws Exception {
    Map<String, Object> shot =
        driver.executeCdpCommand(
            "Page.captureScreenshot", Map.of("clip", clip, "captureBeyondViewport", true));
    Path directory = Files.createDirectories(SCREENSHOTS.resolve(folder));
    Files.write(
        directory.resolve(name + ".png"),
        Base64.getDecoder().decode(String.valueOf(shot.get("data"))));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
