package dev.beamfluss.pipelines.uv;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.Validation;

/** The flags of {@link PreloadUsers}, besides those of Beam and of the runner. */
public interface PreloadUsersOptions extends ClusterOptions {

  /** Where the ids are. */
  @Description("Text files with a user id a line, such as ids/*.txt; may be compressed")
  @Validation.Required
  String getIds();

  /** Sets {@link #getIds}. */
  void setIds(String value);

  /** Whether the table is read when all are in it. */
  @Description(
      "Read the whole table at the end, to tell its users and its greatest number. Default: true")
  @Default.Boolean(true)
  boolean getReport();

  /** Sets {@link #getReport}. */
  void setReport(boolean value);
}
