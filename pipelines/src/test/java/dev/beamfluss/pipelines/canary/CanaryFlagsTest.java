package dev.beamfluss.pipelines.canary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with the flags is said before any cluster is asked. */
class CanaryFlagsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--countSets=none | --countSets=none names nothing to count by",
        "--countSets=client+shop | --countSets=client+shop has 'client+shop', which is no combin",
        "--uvSets=client,,all | --uvSets=client,,all has ''",
        "--zone=Somewhere | --zone=Somewhere is no time zone",
        "--updateMillis=0 | --updateMillis=0 must be at least 1",
        "--partitionDiscoveryMillis=-1 | --partitionDiscoveryMillis=-1 must be at least 1",
        "--allowedLatenessMinutes=-1 | --allowedLatenessMinutes=-1 must be 0 or more",
        "--releaseKey=a=b | --releaseKey=a=b must be a key in args",
        "--releaseKey= | --releaseKey= must be a key in args",
        "--canaryRelease=base | --canaryRelease=base must be a value, and not 'base'",
        "--canaryRelease= | --canaryRelease= must be a value",
        "--releaseColumn=args | --releaseColumn=args is none of the columns that are read: [",
        "--countSets=client,all | --uvSets=client,page,event,all has page, which --countSets=client,all",
        "--canaryRelease=grey,dark | --canaryRelease=grey,dark must be a value in args",
        "--trafficEvent= | --trafficEvent= must be the event",
        "--tolerance=-0.1 | --tolerance=-0.1 must be 0 or more",
        "--tolerance=NaN | --tolerance=NaN must be 0 or more",
        "--webhookAuthorizationVariable=SECRET | --webhookAuthorizationVariable=SECRET is of no web",
        "--webhook=ftp://example.com | The URL of the webhook, which is not shown",
      })
  void wrongFlagsAreNamedWithTheirValues(String flag, String message) {
    assertThat(refusal(flag), containsString(message));
  }

  @Test
  void theVariableIsNotShownWhereItMayBeTheSecret() {
    String refusal = refusal("--webhook=https://a.example", "--webhookAuthorizationVariable=a b c");
    assertThat(refusal, containsString("name of an environment variable"));
    assertThat(refusal, not(containsString("a b c")));
  }

  private static String refusal(String... flags) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String[] all =
        Stream.concat(Stream.of("--bootstrapServers=localhost:1"), Stream.of(flags))
            .toArray(String[]::new);
    assertThat(Canary.run(all, new PrintStream(err, true, UTF_8)), is(2));
    return err.toString(UTF_8);
  }

  @Test
  void combinationsAreNamedWithPlusAndComma() {
    assertThat(
        Canary.sets("uvSets", "client+page,event,all"),
        contains(List.of("client", "page"), List.of("event"), List.of()));
    assertThat(Canary.sets("uvSets", "none"), is(empty()));
    assertThat(Canary.sets("uvSets", ""), is(empty()));
  }

  @Test
  void aCubeIsAllCombinations() {
    List<List<String>> cube = Canary.sets("countSets", "cube");
    Set<Set<String>> different = cube.stream().map(HashSet::new).collect(Collectors.toSet());
    assertThat(cube, hasSize(16));
    assertThat(different, hasSize(16));
    different.forEach(set -> assertThat(CanaryTables.DIMENSIONS.containsAll(set), is(true)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"page+page", "client,none", "Page", "client, page", "client+", "cube,all"})
  void otherCombinationsAreRefused(String named) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Canary.sets("uvSets", named))
            .getMessage();
    assertThat(message, containsString("--uvSets=" + named + " has '"));
    assertThat(message, containsString("[client, app_version, page, event], such as client+page"));
  }
}
