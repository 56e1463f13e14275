package dev.beamfluss.pipelines;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.Validation;

/** The flags of {@link LakeLagReport}. */
public interface LakeLagOptions extends ClusterOptions {

  /** The lake tables to look at, {@code database.table}. */
  @Description("Lake tables to look at, database.table, comma-separated")
  @Validation.Required
  List<String> getTables();

  /** Sets {@link #getTables}. */
  void setTables(List<String> value);

  /** From which age of an untiered row on the program ends with status 1. */
  @Description(
      "Ends with status 1 if a row has waited for longer than so many seconds to be tiered."
          + " Default: 1800")
  @Default.Long(1800)
  long getMaxAgeSeconds();

  /** Sets {@link #getMaxAgeSeconds}. */
  void setMaxAgeSeconds(long value);
}
