package dev.beamfluss.pipelines;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Creates the tables of the scenarios on a Fluss cluster; the flags are {@link
 * CreateTablesOptions}. Tables that are there already must be the same as those it would create.
 *
 * <p>Prints a line a table: {@code created} or {@code existed}, and its name. A wrong flag ends the
 * program with status 2, a failure on the cluster with status 1.
 */
public final class CreateTables {

  private CreateTables() {}

  /** Runs the program. */
  public static void main(String[] args) {
    int status = run(args, System.out, System.err);
    if (status != 0) {
      System.exit(status);
    }
  }

  /** Runs the program without ending the JVM, and returns its status. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    try {
      PipelineOptionsFactory.register(CreateTablesOptions.class);
      CreateTablesOptions options =
          PipelineOptionsFactory.fromArgs(args).withValidation().as(CreateTablesOptions.class);
      create(options, out::println);
      return 0;
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      return 2;
    } catch (IllegalStateException e) {
      err.println(e.getMessage());
      return 1;
    }
  }

  /**
   * Creates the tables that the options ask for.
   *
   * @param report told a line for each table, once it is there
   * @throws IllegalArgumentException for an option that makes no sense, before anything is created
   * @throws IllegalStateException if the cluster does not do what it should; tables reported until
   *     then are there
   */
  public static void create(CreateTablesOptions options, Consumer<String> report) {
    List<Scenario> scenarios =
        options.getScenario() == null
            ? Arrays.asList(Scenario.values())
            : options.getScenario().stream().map(Scenario::of).distinct().toList();
    List<TableDefinition> tables =
        scenarios.stream().flatMap(scenario -> scenario.tables(options).stream()).toList();
    try (TableCreator creator = TableCreator.connect(ClusterOptions.cluster(options))) {
      for (TableDefinition table : tables) {
        TableCreator.Outcome outcome = creator.create(table);
        report.accept(outcome.name().toLowerCase(Locale.ROOT) + " " + table);
      }
    }
  }
}
