package dev.beamfluss.e2e;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.Validation;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.TypeDescriptors;

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
        .apply(MapElements.into(TypeDescriptors.strings()).via(row -> row.getValues().toString()))
        .apply(TextIO.write().to(options.getOutput()));
    pipeline.run().waitUntilFinish();
  }
}
