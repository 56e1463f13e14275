package dev.beamfluss.pipelines.canary;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class WebhookNotifierTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Notification ALERT =
      new Notification("error rate/home", "FIRING", 1_795_570_200_123_456L, "{\"rate\":0.5}");
  private static final String KEY = "error%20rate/home:FIRING:1795570200123456";

  private WebhookServer server;

  @BeforeEach
  void start() throws Exception {
    server = new WebhookServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private WebhookNotifier webhook() {
    return WebhookNotifier.to(server.url()).withPauses(Duration.ofMillis(5), Duration.ofMillis(20));
  }

  private static void send(WebhookNotifier notifier, Duration atMost) throws Exception {
    try (Notifier.Channel channel = SerializableUtils.clone(notifier).open()) {
      channel.send(ALERT, atMost);
    }
  }

  private static String failure(WebhookNotifier notifier) {
    return assertThrows(UndeliveredException.class, () -> send(notifier, LONG)).getMessage();
  }

  private List<String> keys() {
    return server.received().stream().map(WebhookServer.Received::key).toList();
  }

  @Test
  void aNotificationIsPosted() throws Exception {
    send(webhook(), LONG);
    assertThat(server.received(), hasSize(1));
    WebhookServer.Received received = server.received().get(0);
    assertThat(received.key(), is(KEY));
    assertThat(received.body(), is("{\"rate\":0.5}"));
    assertThat(received.contentType(), is("application/json"));
    assertThat(received.authorization(), is(nullValue()));
  }

  @Test
  void whatMayGoWellLaterIsTriedAgainWithTheSameKey() throws Exception {
    server.then(503).then(500).then(429).thenHangUp().then(204);
    send(webhook(), LONG);
    assertThat(server.received().size(), greaterThanOrEqualTo(5));
    assertThat(keys(), everyItem(is(KEY)));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404, 410, 302})
  void otherStatusesAreFinal(int status) {
    server.then(status, status == 302 ? Map.of("Location", "/elsewhere") : Map.of());
    assertThat(
        failure(webhook()), containsString("status " + status + " (tries: 1); this is final"));
    assertThat(server.received(), hasSize(1));
  }

  @Test
  void itWaitsAsLongAsTheReceiverSays() throws Exception {
    server.then(429, Map.of("Retry-After", "1"));
    long begin = System.nanoTime();
    send(webhook(), LONG);
    assertThat(System.nanoTime() - begin, greaterThanOrEqualTo(1_000_000_000L));
    assertThat(server.received(), hasSize(2));
  }

  @Test
  void itDoesNotWaitForWhatIsTooLate() {
    String hour =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusHours(1));
    for (String late : List.of("3600", hour)) {
      server.then(503, Map.of("Retry-After", late));
      assertThat(failure(webhook()), containsString("would be past its 30000 ms"));
    }
    server.then(503, Map.of("Retry-After", "3600"));
    assertThat(failure(webhook()), containsString("status 503 (tries: 1)"));
    assertThat(server.received(), hasSize(3));
  }

  @Test
  void aRetryAfterThatNobodyUnderstandsIsNone() throws Exception {
    server.then(503, Map.of("Retry-After", "soon")).then(503, Map.of("Retry-After", "-1"));
    send(webhook(), LONG);
    assertThat(server.received(), hasSize(3));
  }

  @Test
  void aReceiverThatDoesNotAnswerInTimeIsAskedAgain() throws Exception {
    server.thenNothing().thenAnEndlessAnswer();
    send(webhook().withRequestTimeout(Duration.ofMillis(300)), LONG);
    assertThat(keys(), is(List.of(KEY, KEY, KEY)));
  }

  @Test
  void itGivesUpInTime() {
    for (int i = 0; i < 100; i++) {
      server.thenNothing();
    }
    long begin = System.nanoTime();
    WebhookNotifier patient = webhook().withRequestTimeout(Duration.ofMillis(150));
    assertThat(
        failure(patient.withGiveUpAfter(Duration.ofMillis(400))),
        containsString("no answer in time"));
    UndeliveredException e =
        assertThrows(UndeliveredException.class, () -> send(patient, Duration.ofMillis(400)));
    assertThat(e.getMessage(), containsString("would be past its 400 ms"));
    long millis = (System.nanoTime() - begin) / 1_000_000;
    assertThat(millis, lessThan(20_000L));
    assertThat(server.received().size(), greaterThan(2));
  }

  @Test
  void aServerThatIsGoneIsTold() {
    server.close();
    String said = failure(webhook().withGiveUpAfter(Duration.ofSeconds(4)));
    assertThat(said, containsString("ConnectException"));
    assertThat(said, containsString("Alert " + KEY));
  }

  @Test
  void secretsAreSentAndNeverShown() throws Exception {
    WebhookNotifier secret =
        webhook()
            .withAuthorizationFrom("HOOK_AUTH")
            .withEnvironment(name -> name.equals("HOOK_AUTH") ? "Bearer s3cret" : null);
    send(secret, LONG);
    assertThat(server.received().get(0).authorization(), is("Bearer s3cret"));

    server.then(401, Map.of("WWW-Authenticate", "Bearer s3cret"));
    for (String shown : List.of(failure(secret), secret.toString())) {
      assertThat(shown, containsString("webhook at http://127.0.0.1:"));
      assertThat(shown, not(containsString("secret")));
      assertThat(shown, not(containsString("s3cret")));
    }
  }

  @Test
  void aMissingOrWrongAuthorizationFailsWhenItIsOpened() {
    WebhookNotifier secret = webhook().withAuthorizationFrom("HOOK_AUTH");
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> secret.withEnvironment(n -> null).open());
    assertThat(e.getMessage(), containsString("variable HOOK_AUTH"));
    e =
        assertThrows(
            IllegalStateException.class, () -> secret.withEnvironment(n -> "s3cret\n").open());
    assertThat(e.getMessage(), containsString("such as a line break"));
    assertThat(e.getMessage(), not(containsString("s3cret")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3cret",
        "ftp://host/s3cret",
        "http:///s3cret",
        "http://me:s3cret@host/",
        "http://a b/s3cret"
      })
  void wrongUrlsAreRefusedWithoutShowingThem(String url) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> WebhookNotifier.to(url));
    assertThat(e.getMessage(), containsString("The URL of the webhook"));
    assertThat(e.toString() + e.getCause(), not(containsString("s3cret")));
  }

  @Test
  void optionsAreChecked() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> webhook().withAuthorizationFrom("Bearer s3cret"));
    assertThat(e.getMessage(), containsString("name of an environment variable"));
    assertThat(e.getMessage(), not(containsString("s3cret")));
    assertThrows(IllegalArgumentException.class, () -> webhook().withConnectTimeout(Duration.ZERO));
    assertThrows(
        IllegalArgumentException.class, () -> webhook().withGiveUpAfter(Duration.ofMillis(-1)));
  }
}
