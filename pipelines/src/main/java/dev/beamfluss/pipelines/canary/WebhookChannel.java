package dev.beamfluss.pipelines.canary;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A {@link WebhookNotifier} on a worker. */
final class WebhookChannel implements Notifier.Channel {
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int MAX_DOUBLINGS = 30;

  private final WebhookNotifier notifier;
  private final @Nullable String authorization;
  private final HttpClient client;

  WebhookChannel(WebhookNotifier notifier, @Nullable String authorization) {
    this.notifier = notifier;
    this.authorization = authorization;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(notifier.connectTimeout())
            .build();
  }

  /**
   * How a try ended.
   *
   * @param problem what was wrong, or null if nothing was
   * @param mayGoWell whether the next may end better
   * @param pause how long the receiver wants to be left alone
   */
  private record Outcome(@Nullable String problem, boolean mayGoWell, Duration pause) {}

  @Override
  public void send(Notification notification, Duration atMost)
      throws UndeliveredException, InterruptedException {
    Duration limit = min(atMost, notifier.giveUpAfter());
    long deadline = System.nanoTime() + limit.toNanos();
    HttpRequest request = request(notification);
    // all of them, as the last may only be that there was no time left for it
    Set<String> problems = new LinkedHashSet<>();
    for (int tries = 1; ; tries++) {
      Outcome outcome = attempt(request, min(notifier.requestTimeout(), until(deadline)));
      if (outcome.problem() == null) {
        return;
      }
      problems.add(outcome.problem());
      Duration pause = max(pause(tries), outcome.pause());
      if (!outcome.mayGoWell() || pause.compareTo(until(deadline)) >= 0) {
        String end =
            outcome.mayGoWell()
                ? String.format(
                    "the next try, in %d ms, would be past its %d ms",
                    pause.toMillis(), limit.toMillis())
                : "this is final";
        throw new UndeliveredException(
            String.format(
                "Alert %s was not taken by the %s: %s (tries: %d); %s.",
                notification.idempotencyKey(), notifier, String.join(", ", problems), tries, end));
      }
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
    }
  }

  private HttpRequest request(Notification notification) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(notifier.url())
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", notification.idempotencyKey())
            .POST(HttpRequest.BodyPublishers.ofString(notification.json(), UTF_8));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    return request.build();
  }

  private Outcome attempt(HttpRequest request, Duration limit) throws InterruptedException {
    CompletableFuture<HttpResponse<Void>> answer =
        client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
    try {
      // the timeout of a request would end with the answer's headers
      return outcome(answer.get(limit.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      answer.cancel(true);
      return retry("no answer in time", Duration.ZERO);
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      // its message may quote what was sent or answered
      String problem = cause.getClass().getSimpleName();
      return cause instanceof IOException
          ? retry(problem, Duration.ZERO)
          : new Outcome(problem, false, Duration.ZERO);
    }
  }

  private static Outcome outcome(HttpResponse<Void> answer) {
    int status = answer.statusCode();
    if (status >= 200 && status < 300) {
      return new Outcome(null, false, Duration.ZERO);
    }
    String problem = "status " + status;
    return status == TOO_MANY_REQUESTS || status >= 500
        ? retry(problem, retryAfter(answer))
        : new Outcome(problem, false, Duration.ZERO);
  }

  private static Outcome retry(String problem, Duration pause) {
    return new Outcome(problem, true, pause);
  }

  private static Duration retryAfter(HttpResponse<Void> answer) {
    String value = answer.headers().firstValue("Retry-After").orElse("").strip();
    if (value.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      Instant at = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return max(Duration.between(Instant.now(), at), Duration.ZERO);
    } catch (DateTimeException e) {
      // a wish that nobody understands is none
      return Duration.ZERO;
    }
  }

  /** Random from the start, so that many workers do not come back at once. */
  private Duration pause(int tries) {
    Duration most =
        min(
            notifier.firstPause().multipliedBy(1L << Math.min(tries - 1, MAX_DOUBLINGS)),
            notifier.longestPause());
    return Duration.ofNanos(ThreadLocalRandom.current().nextLong(most.toNanos() + 1));
  }

  private static Duration until(long deadline) {
    return max(Duration.ofNanos(deadline - System.nanoTime()), Duration.ZERO);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) >= 0 ? a : b;
  }
}
