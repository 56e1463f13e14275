package dev.beamfluss.page;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;

/** The flags of {@link Page}. */
public interface PageOptions extends ClusterOptions {

  /** The address to listen at. */
  @Description(
      "Address to listen at. Whoever reaches it sees the page: there are no users and no passwords."
          + " Default: 127.0.0.1, this machine alone")
  @Default.String("127.0.0.1")
  String getHost();

  /** Sets {@link #getHost}. */
  void setHost(String value);

  /** The port to listen at. */
  @Description("Port to listen at, 0 for any that is free. Default: 8090")
  @Default.Integer(8090)
  int getPort();

  /** Sets {@link #getPort}. */
  void setPort(int value);

  /** The file to write in place of serving. */
  @Description("Writes the page into this file, reads nothing further, and ends")
  String getReport();

  /** Sets {@link #getReport}. */
  void setReport(String value);
}
