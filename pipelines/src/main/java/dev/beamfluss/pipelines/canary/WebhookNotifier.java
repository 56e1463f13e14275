package dev.beamfluss.pipelines.canary;

import com.google.auto.value.AutoValue;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Posts notifications to a URL, as JSON, each with the header {@code Idempotency-Key} of {@link
 * Notification#idempotencyKey}: a receiver that knows the key drops what it has already.
 *
 * <p>A status 2xx means that it was taken. What may go well later, that is I/O errors, no answer in
 * time, 429 and 5xx, is sent again after a pause: of a random length up to 200 ms, then up to twice
 * as much each time and up to 5 seconds, or as long as the answer's {@code Retry-After} says, if
 * that is longer. Other statuses are final; redirects are not followed. After {@link
 * #withGiveUpAfter} in all it gives up.
 *
 * <p>Neither the URL's path and query, which of many services are secrets, nor the authorization
 * nor the answer are in any message or display data.
 */
@AutoValue
public abstract class WebhookNotifier implements Notifier {

  abstract URI url();

  abstract @Nullable String authorizationVariable();

  abstract Duration connectTimeout();

  abstract Duration requestTimeout();

  abstract Duration giveUpAfter();

  abstract Duration firstPause();

  abstract Duration longestPause();

  abstract SerializableFunction<String, @Nullable String> environment();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setUrl(URI url);

    abstract Builder setAuthorizationVariable(String variable);

    abstract Builder setConnectTimeout(Duration timeout);

    abstract Builder setRequestTimeout(Duration timeout);

    abstract Builder setGiveUpAfter(Duration duration);

    abstract Builder setFirstPause(Duration pause);

    abstract Builder setLongestPause(Duration pause);

    abstract Builder setEnvironment(SerializableFunction<String, @Nullable String> environment);

    abstract WebhookNotifier build();
  }

  /**
   * To a URL of http or https.
   *
   * @throws IllegalArgumentException if it is none, or has a user or password in it
   */
  public static WebhookNotifier to(String url) {
    return new AutoValue_WebhookNotifier.Builder()
        .setUrl(checked(url))
        .setConnectTimeout(Duration.ofSeconds(2))
        .setRequestTimeout(Duration.ofSeconds(5))
        .setGiveUpAfter(Duration.ofSeconds(30))
        .setFirstPause(Duration.ofMillis(200))
        .setLongestPause(Duration.ofSeconds(5))
        .setEnvironment(System::getenv)
        .build();
  }

  private static URI checked(String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      // without the cause, whose message has the URL
      throw wrongUrl("does not have the form of one");
    }
    if (!"http".equalsIgnoreCase(uri.getScheme()) && !"https".equalsIgnoreCase(uri.getScheme())) {
      throw wrongUrl("does not begin with http:// or https://");
    }
    if (uri.getHost() == null) {
      throw wrongUrl("has no host");
    }
    if (uri.getRawUserInfo() != null) {
      throw wrongUrl(
          "has a user in it: put the whole Authorization header into an environment variable of the"
              + " workers and name that with withAuthorizationFrom(..)");
    }
    return uri;
  }

  private static IllegalArgumentException wrongUrl(String reason) {
    return new IllegalArgumentException(
        "The URL of the webhook, which is not shown as it may be a secret, " + reason + ".");
  }

  /**
   * Sends the header {@code Authorization} with the value of an environment variable of the
   * workers, such as {@code Bearer ...}. Without it no such header is sent.
   *
   * @param variable the name of the variable, not its value
   */
  public WebhookNotifier withAuthorizationFrom(String variable) {
    if (!variable.matches("[A-Za-z_][A-Za-z0-9_]*")) {
      throw new IllegalArgumentException(
          "withAuthorizationFrom takes the name of an environment variable: letters, digits and"
              + " '_'. What it was given is not shown, as it may be the secret itself.");
    }
    return toBuilder().setAuthorizationVariable(variable).build();
  }

  /** How long a connection may take: 2 seconds by default. */
  public WebhookNotifier withConnectTimeout(Duration timeout) {
    return toBuilder().setConnectTimeout(positive(timeout, "withConnectTimeout")).build();
  }

  /** How long one try may take, connection and answer: 5 seconds by default. */
  public WebhookNotifier withRequestTimeout(Duration timeout) {
    return toBuilder().setRequestTimeout(positive(timeout, "withRequestTimeout")).build();
  }

  /** How long a notification may take with all tries and pauses: 30 seconds by default. */
  public WebhookNotifier withGiveUpAfter(Duration duration) {
    return toBuilder().setGiveUpAfter(positive(duration, "withGiveUpAfter")).build();
  }

  /** For tests: the bounds of the pauses. */
  WebhookNotifier withPauses(Duration first, Duration longest) {
    return toBuilder().setFirstPause(first).setLongestPause(longest).build();
  }

  /** For tests: the environment variables. */
  WebhookNotifier withEnvironment(SerializableFunction<String, @Nullable String> environment) {
    return toBuilder().setEnvironment(environment).build();
  }

  private static Duration positive(Duration duration, String method) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(
          method + " takes a positive duration, not " + duration + ".");
    }
    return duration;
  }

  /**
   * Opens it on a worker.
   *
   * @throws IllegalStateException if the environment variable is not set, or cannot be a header
   */
  @Override
  public final Channel open() {
    return new WebhookChannel(this, authorization());
  }

  private @Nullable String authorization() {
    String variable = authorizationVariable();
    if (variable == null) {
      return null;
    }
    String value = environment().apply(variable);
    if (value == null || value.isBlank()) {
      throw new IllegalStateException(
          String.format(
              "The environment variable %s, for the Authorization header of %s, is not set on this"
                  + " worker.",
              variable, this));
    }
    if (!value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new IllegalStateException(
          String.format(
              "The environment variable %s, for the Authorization header of %s, has characters that"
                  + " no header may have, such as a line break.",
              variable, this));
    }
    return value;
  }

  /** What may be shown: the server. */
  @Override
  public final String toString() {
    String port = url().getPort() < 0 ? "" : ":" + url().getPort();
    return "webhook at " + url().getScheme() + "://" + url().getHost() + port;
  }
}
