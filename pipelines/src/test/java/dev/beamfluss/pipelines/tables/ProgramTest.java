package dev.beamfluss.pipelines.tables;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.arrayContaining;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyArray;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.StreamingOptions;
import org.apache.beam.sdk.transforms.Create;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramTest {
  @TempDir Path directory;

  @Test
  void filesOfFlagsAreReadAndGivenFlagsComeFirst() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("some.args"),
            "# why\n--runner=FlinkRunner  # because\n\n  --parallelism=2\n--streaming\n");
    assertThat(
        Program.flags(new String[] {"@" + file, "--parallelism=4"}),
        is(arrayContaining("--runner=FlinkRunner", "--streaming", "--parallelism=4")));
    assertThat(Program.flags(new String[0]), is(emptyArray()));
  }

  @Test
  void aFileComesBeforeThoseBeforeIt() throws Exception {
    Path all =
        Files.writeString(directory.resolve("all.args"), "--parallelism=2\n--files=a\n--files=b\n");
    Path one = Files.writeString(directory.resolve("one.args"), "--jobName=x\n--parallelism=8\n");
    assertThat(
        Program.flags(new String[] {"@" + all, "@" + one}),
        is(arrayContaining("--files=a", "--files=b", "--jobName=x", "--parallelism=8")));
  }

  @Test
  void aJobHasTheNameOfItsProgram() {
    List<String> names = new ArrayList<>();
    int status =
        Program.stream(
            System.err,
            () ->
                PipelineOptionsFactory.fromArgs("--runner=DirectRunner").as(StreamingOptions.class),
            (pipeline, options) -> {
              names.add(options.getJobName());
              pipeline.apply(Create.of(1));
            });
    assertThat(status, is(Program.DONE));
    assertThat(names, contains(startsWith("programtest-")));
  }

  @Test
  void aFileThatIsMissingIsNamed() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Program.flags(new String[] {"@" + directory.resolve("none.args")}));
    assertThat(e.getMessage(), containsString("none.args"));
  }
}
