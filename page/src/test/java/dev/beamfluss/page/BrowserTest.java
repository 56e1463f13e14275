package dev.beamfluss.page;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.FlussExtension;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * The page in the browser that is installed (packages {@code chromium} and {@code chromium-driver}
 * of Debian); skipped where there is none. Leaves screenshots in {@code target/screenshots}.
 */
class BrowserTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(90);
  private static final String NO_BROWSER =
      "SKIPPED: no Chromium with chromedriver on this machine; the page is not tested in a"
          + " browser. Install the packages chromium and chromium-driver.";
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private final String prefix = "b" + UUID.randomUUID().toString().substring(0, 8) + "_";
  private ViewTables tables;
  private Rows rows;
  private @Nullable ChromeDriver browser;

  @BeforeEach
  void open() throws Exception {
    String chromium = program("chromium", "chromium-browser", "google-chrome");
    String driver = program("chromedriver");
    if (chromium == null || driver == null) {
      // where a reason of JUnit's is not shown
      System.out.println(NO_BROWSER);
    }
    assumeTrue(chromium != null && driver != null, NO_BROWSER);
    tables = new ViewTables(fluss.bootstrapServers(), prefix);
    rows = new Rows(tables);
    rows.createAll();
    rows.writeAll();
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium);
    options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage");
    options.addArguments("--disable-gpu", "--window-size=1280,900");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    browser =
        new ChromeDriver(
            new ChromeDriverService.Builder().usingDriverExecutable(new File(driver)).build(),
            options);
    Files.createDirectories(SCREENSHOTS);
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

  @AfterEach
  void close() throws Exception {
    if (browser != null) {
      browser.quit();
    }
    if (tables != null) {
      tables.close();
    }
  }

  private ChromeDriver browser() {
    return Objects.requireNonNull(browser);
  }

  private PageServer start() {
    return PageServer.start(FlussCluster.at(fluss.bootstrapServers()), prefix, "127.0.0.1", 0);
  }

  private String text(String selector) {
    return String.valueOf(
        browser()
            .executeScript(
                "const e = document.querySelector(arguments[0]); return e ? e.textContent : ''",
                selector));
  }

  private void awaitText(String selector, String part) {
    await().atMost(TIMEOUT).until(() -> text(selector), containsString(part));
  }

  @Test
  void theFiguresAreThoseOfTheTablesAndChangeWithThem() throws Exception {
    try (PageServer page = start()) {
      browser().get(page.uri().toString());
      awaitAll();
      awaitText("#attribution .figures", "390.00");
      awaitText("#attribution .figures", "25.0 %");
      awaitText("#products .table table", "12121.2513");
      awaitText("#shops .table table", "12121.2513");
      awaitText("#forecast .table table", "app10:19190505450.5 to 700");
      awaitText("#canary .figures", "Alerts raised1");
      awaitText("#canary .table table", "30 of 1,000");
      awaitText("#canary .table table", Rows.EVIL);
      awaitText("#uv .figures", "12,345");
      awaitText("#uv .bars", "1,234 (10.0 %)");
      awaitText("#tables .table table", prefix + "attribution.conversion_ri");
      assertThat(browser().findElements(By.cssSelector("main img")), is(empty()));
      assertThat(browser().findElements(By.cssSelector("canvas")).size(), is(5));
      screenshots();
      byKeyboard();
      // while traffic flows
      rows.conversions(100, 31, 40, "1234.5");
      rows.sold("product", 3, "12", 9, "1000");
      rows.alert("a2", "RAISED");
      rows.uvOfDay(20_000);
      rows.forecast(20, 777, "888.5");
      awaitText("#attribution .figures", "1,234.50");
      awaitText("#products .table table tbody tr", "31,031.25");
      awaitText("#canary .figures", "Alerts raised2");
      awaitText("#uv .figures", "20,000");
      awaitText("#forecast .table table", "app10:20777888.5450.5 to 700");
      assertThat("no message of the console", console(), is(empty()));
    }
    awaitText("#status", "No connection");
  }

  private void awaitAll() {
    await()
        .atMost(TIMEOUT)
        .until(
            () -> browser().findElements(By.cssSelector("section[data-state=live]")).size(), is(7));
  }

  /** The chart's table opens by the keyboard, and stays open while the page changes. */
  private void byKeyboard() throws Exception {
    browser().executeScript("document.activeElement.blur(); scrollTo(0, 0)");
    browser().switchTo().activeElement().sendKeys(Keys.TAB);
    WebElement skip = browser().switchTo().activeElement();
    assertThat(skip.getText(), is("Skip to the views"));
    WebElement summary = browser().findElement(By.cssSelector("#attribution details summary"));
    summary.sendKeys(Keys.ENTER);
    awaitText("#attribution details table", "10:2019.51");
    rows.order("late", "late", 20, 21, "77");
    awaitText("#attribution details table", "10:21771");
    assertThat(browser().switchTo().activeElement(), is(summary));
  }

  private List<String> console() {
    List<String> lines = new ArrayList<>();
    for (LogEntry entry : browser().manage().logs().get(LogType.BROWSER)) {
      lines.add(entry.toString());
    }
    return lines;
  }

  private void screenshots() throws Exception {
    look("light", 1280, false);
    look("dark", 1280, true);
    look("phone", 390, false);
    assertThat(
        "a phone's page is no wider than the phone",
        browser().executeScript("return document.documentElement.scrollWidth <= innerWidth"),
        is(true));
    look("light", 1280, false);
    for (WebElement section : browser().findElements(By.cssSelector("section"))) {
      // not the driver's own, which scrolls and waits for frames that a busy machine has no time
      // for
      Object clip =
          browser()
              .executeScript(
                  "const r = arguments[0].getBoundingClientRect();"
                      + "return {x: r.x, y: r.y + scrollY, width: r.width, height: r.height, scale: 1}",
                  section);
      Map<String, Object> shot =
          browser()
              .executeCdpCommand(
                  "Page.captureScreenshot", Map.of("clip", clip, "captureBeyondViewport", true));
      Files.write(
          SCREENSHOTS.resolve(section.getDomAttribute("id") + ".png"),
          Base64.getDecoder().decode(String.valueOf(shot.get("data"))));
    }
  }

  private void look(String name, int width, boolean dark) throws Exception {
    browser()
        .executeCdpCommand(
            "Emulation.setEmulatedMedia",
            Map.of(
                "features",
                List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    browser()
        .executeCdpCommand(
            "Emulation.setDeviceMetricsOverride",
            Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 500));
    String ground =
        String.valueOf(
            browser().executeScript("return getComputedStyle(document.body).backgroundColor"));
    assertThat(ground, is(dark ? "rgb(17, 21, 26)" : "rgb(255, 255, 255)"));
    Files.write(
        SCREENSHOTS.resolve("page-" + name + ".png"), browser().getScreenshotAs(OutputType.BYTES));
  }

  @Test
  void theReportShowsTheSameWithoutAServer(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("report.html");
    try (PageServer page = start()) {
      assertThat(page.writeReport(file, TIMEOUT), is(true));
    }
    browser().get(file.toUri().toString());
    awaitAll();
    assertThat(text("#attribution .figures"), containsString("390.00"));
    assertThat(text("#products .table table"), containsString("12121.2513"));
    assertThat(text("#canary .table table"), containsString(Rows.EVIL));
    assertThat(text("#status"), containsString("as of 20"));
    assertThat(browser().findElements(By.cssSelector("canvas")).size(), is(5));
    assertThat("no message of the console", console(), is(empty()));
    look("report", 1280, false);
    try (Stream<Path> written = Files.list(SCREENSHOTS)) {
      assertThat((int) written.count(), greaterThan(0));
    }
    assertThat(Files.readString(file), not(containsString("EventSource('http")));
  }
}
