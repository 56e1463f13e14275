package dev.beamfluss.page;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.FlussExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The page in a {@link Browser}, with rows that are known; skipped where there is none. */
class BrowserTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(90);

  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private final String prefix = "b" + UUID.randomUUID().toString().substring(0, 8) + "_";
  private ViewTables tables;
  private Rows rows;
  private @Nullable Browser opened;

  @BeforeEach
  void open() throws Exception {
    opened = Browser.open();
    tables = new ViewTables(fluss.bootstrapServers(), prefix);
    rows = new Rows(tables);
    rows.createAll();
    rows.writeAll();
  }

  @AfterEach
  void close() throws Exception {
    if (opened != null) {
      opened.close();
    }
    if (tables != null) {
      tables.close();
    }
  }

  private PageServer start() {
    return PageServer.start(FlussCluster.at(fluss.bootstrapServers()), prefix, "127.0.0.1", 0);
  }

  @Test
  void theFiguresAreThoseOfTheTablesAndChangeWithThem() throws Exception {
    Browser browser = Objects.requireNonNull(opened);
    try (PageServer page = start()) {
      browser.get(page.uri().toString());
      browser.awaitAll();
      browser.awaitText("#attribution .figures", "390.00");
      browser.awaitText("#attribution .figures", "25.0 %");
      browser.awaitText("#products .table table", "12121.2513");
      browser.awaitText("#shops .table table", "12121.2513");
      browser.awaitText("#forecast .table table", "app10:19190505450.5 to 700");
      browser.awaitText("#canary .figures", "Alerts raised1");
      browser.awaitText("#canary .table table", "30 of 1,000");
      browser.awaitText("#canary .table table", Rows.EVIL);
      browser.awaitText("#uv .figures", "12,345");
      browser.awaitText("#uv .bars", "1,234 (10.0 %)");
      browser.awaitText("#tables .table table", prefix + "attribution.conversion_ri");
      assertThat(browser.driver().findElements(By.cssSelector("main img")), is(empty()));
      assertThat(browser.driver().findElements(By.cssSelector("canvas")).size(), is(5));
      browser.screenshots("rows", false);
      byKeyboard(browser);
      // while traffic flows
      rows.conversions(100, 31, 40, "1234.5");
      rows.sold("product", 3, "12", 9, "1000");
      rows.alert("a2", "RAISED");
      rows.uvOfDay(20_000);
      rows.forecast(20, 777, "888.5");
      browser.awaitText("#attribution .figures", "1,234.50");
      browser.awaitText("#products .table table tbody tr", "31,031.25");
      browser.awaitText("#canary .figures", "Alerts raised2");
      browser.awaitText("#uv .figures", "20,000");
      browser.awaitText("#forecast .table table", "app10:20777888.5450.5 to 700");
      rows.uv("1x", "00", 1);
      browser.awaitText(
          "#uv", "1 value cannot be read and is left out; the last table says where.");
      browser.awaitText("#uv", prefix + "uv.uv_minutehh'1x'a number from 0 to 231");
      assertThat("no message of the console", browser.console(), is(empty()));
    }
    browser.awaitText("#status", "No connection");
  }

  /** The chart's table opens by the keyboard, and stays open while the page changes. */
  private void byKeyboard(Browser browser) throws Exception {
    browser.driver().executeScript("document.activeElement.blur(); scrollTo(0, 0)");
    browser.driver().switchTo().activeElement().sendKeys(Keys.TAB);
    WebElement skip = browser.driver().switchTo().activeElement();
    assertThat(skip.getText(), is("Skip to the views"));
    WebElement summary =
        browser.driver().findElement(By.cssSelector("#attribution details summary"));
    summary.sendKeys(Keys.ENTER);
    browser.awaitText("#attribution details table", "10:2019.51");
    rows.order("late", "late", 20, 21, "77");
    browser.awaitText("#attribution details table", "10:21771");
    assertThat(browser.driver().switchTo().activeElement(), is(summary));
  }

  @Test
  void theReportShowsTheSameWithoutAServer(@TempDir Path folder) throws Exception {
    Browser browser = Objects.requireNonNull(opened);
    Path file = folder.resolve("report.html");
    try (PageServer page = start()) {
      assertThat(page.writeReport(file, TIMEOUT), is(true));
    }
    browser.get(file.toUri().toString());
    browser.awaitAll();
    assertThat(browser.text("#attribution .figures"), containsString("390.00"));
    assertThat(browser.text("#products .table table"), containsString("12121.2513"));
    assertThat(browser.text("#canary .table table"), containsString(Rows.EVIL));
    assertThat(browser.text("#status"), containsString("as of 20"));
    assertThat(browser.driver().findElements(By.cssSelector("canvas")).size(), is(5));
    assertThat("no message of the console", browser.console(), is(empty()));
    browser.screenshots("report", false);
    assertThat(Files.readString(file), not(containsString("EventSource('http")));
  }
}
