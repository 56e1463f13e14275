package dev.beamfluss.pipelines;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;

import dev.beamfluss.pipelines.tables.Program;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... args) throws Exception {
    return Main.run(
        args,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  @Test
  void theListNamesEachProgramOnceAndNoOther() {
    List<String> listed =
        Main.list()
            .lines()
            .filter(line -> line.matches("  \\S.*"))
            // up to a flag, or to what it does
            .map(line -> line.strip().replaceFirst("( --|  ).*", ""))
            .toList();
    List<String> names = new ArrayList<>();
    Main.names().forEach(names::add);
    assertThat(listed, containsInAnyOrder(names.toArray()));
  }

  @Test
  void helpOfEachProgramHasItsFlagsWithDefaultsAndAnExample() throws Exception {
    for (String name : Main.names()) {
      out.reset();
      List<String> words = new ArrayList<>(List.of(name.split(" ", -1)));
      words.add("--help");
      assertThat(name, run(words.toArray(String[]::new)), is(Program.DONE));
      assertThat(
          name,
          out.toString(StandardCharsets.UTF_8),
          allOf(containsString("Default: "), containsString("Example: " + name + " --")));
    }
  }

  @Test
  void ingestOfRecordsHasFlagsOfItsOwn() throws Exception {
    assertThat(run("ingest", "--from=kafka", "--help"), is(Program.DONE));
    assertThat(
        out.toString(StandardCharsets.UTF_8),
        allOf(containsString("--kafkaServers"), containsString("--from=kafka --kafkaServers=")));
  }

  @Test
  void anUnknownProgramEndsWithTheList() throws Exception {
    assertThat(run("attribute"), is(Program.WRONG_INPUT));
    assertThat(
        err.toString(StandardCharsets.UTF_8),
        is("There is no program 'attribute'. These there are:\n" + Main.list()));
    assertThat("half a name", run("reconcile", "--ds=20261123"), is(Program.WRONG_INPUT));
    assertThat("no name", run(), is(Program.WRONG_INPUT));
    assertThat(out.toString(StandardCharsets.UTF_8), is(Main.list()));
  }

  @Test
  void theListIsPrintedForHelp() throws Exception {
    assertThat(run("--help"), is(Program.DONE));
    assertThat(out.toString(StandardCharsets.UTF_8), startsWith("  create-tables"));
  }
}
