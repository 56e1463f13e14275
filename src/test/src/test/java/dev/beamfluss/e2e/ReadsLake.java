package dev.beamfluss.e2e;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.Validation;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.Row;

/** What somebody writes on top of the bundled jar: the rows of a lake table, as text. */
public final class ReadsLake {
  private ReadsLake() {}

  /** The flags of {@link #main}. */
  public interface Options extends PipelineOptions {
    @Validation.Required
    String getBootstrapServers();

    void setBootstrapServers(String value);

    @Validation.Required
    String getTable();

    void setTable(String value);

    @Validation.Required
    String getOutput();

    void setOutput(String value);
  }

  public static void main(String[] args) {
    Options options = PipelineOptionsFactory.fromArgs(args).withValidation().as(Options.class);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply(
            FlussIO.readContents()
                .from(FlussCluster.at(options.getBootstrapServers()), options.getTable())
                .withAllColumns()
                .withLake())
        .apply(ParDo.of(new ToFiles(options.getOutput())));
    pipeline.run().waitUntilFinish();
  }

  /** A file a bundle: nothing is shuffled, for which the TaskManager would want more memory. */
  public static final class ToFiles extends DoFn<Row, Void> {
    private final String directory;
    private transient List<String> lines;

    ToFiles(String directory) {
      this.directory = directory;
    }

    @StartBundle
    public void start() {
      lines = new ArrayList<>();
    }

    @ProcessElement
    public void process(@Element Row row) {
      lines.add(row.getValues().toString());
    }

    @FinishBundle
    public void finish() throws IOException {
      Path file = Files.createDirectories(Path.of(directory)).resolve(UUID.randomUUID() + ".txt");
      Files.write(file, lines);
    }
  }
}
