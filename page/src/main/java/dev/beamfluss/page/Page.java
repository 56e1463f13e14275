package dev.beamfluss.page;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Serves the live page of a cluster until it is ended; the flags are {@link PageOptions}. With
 * {@code --report=FILE} it writes the page into a file and ends: with status 0 if it has all, with
 * 1 if a table could not be read to its end within two minutes.
 */
public final class Page {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private Page() {}

  /** Runs the program. */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(PageOptions.class);
          PageOptions options =
              PipelineOptionsFactory.fromArgs(args).withValidation().as(PageOptions.class);
          if (options.getPort() < 0 || options.getPort() > 65_535) {
            throw new IllegalArgumentException(
                "--port must be from 0 to 65535, was " + options.getPort() + ".");
          }
          FlussCluster cluster = ClusterOptions.cluster(options);
          String prefix = options.getDatabasePrefix();
          if (options.getReport() == null) {
            return serve(cluster, prefix, options, out);
          }
          try (PageServer page = PageServer.reader(cluster, prefix)) {
            boolean complete = page.writeReport(Path.of(options.getReport()), PATIENCE);
            out.println("Written: " + options.getReport());
            if (!complete) {
              err.println("Not all tables could be read to their ends; the file says which.");
            }
            return complete ? Program.DONE : Program.FAILED;
          }
        });
  }

  private static int serve(
      FlussCluster cluster, String prefix, PageOptions options, PrintStream out)
      throws InterruptedException {
    try (PageServer page =
        PageServer.start(cluster, prefix, options.getHost(), options.getPort())) {
      out.println("The page is at " + page.uri() + " until Ctrl-C.");
      new CountDownLatch(1).await();
      return Program.DONE;
    }
  }
}
