package dev.beamfluss.pipelines.tables;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Where the lake is; part of the flags of programs that read or write Paimon by themselves. */
public interface LakeOptions extends PipelineOptions {

  /** The warehouse. */
  @Description(
      "Directory or address of the lake's Paimon warehouse: datalake.paimon.warehouse of the Fluss"
          + " servers")
  @Nullable String getWarehouse();

  /** Sets {@link #getWarehouse}. */
  void setWarehouse(@Nullable String value);

  /** What else the catalog needs. */
  @Description(
      "Further properties of the Paimon catalog: metastore=hive,uri=thrift://host:9083. Default:"
          + " none")
  @Nullable List<String> getCatalogProperties();

  /** Sets {@link #getCatalogProperties}. */
  void setCatalogProperties(@Nullable List<String> value);

  /**
   * The properties of the Paimon catalog that the flags name.
   *
   * @throws IllegalArgumentException if there is no warehouse, or a property is none
   */
  static Map<String, String> catalog(LakeOptions options) {
    if (options.getWarehouse() == null) {
      throw new IllegalArgumentException(
          "Name the lake with --warehouse=DIR: datalake.paimon.warehouse of the Fluss servers.");
    }
    Map<String, String> properties = new HashMap<>();
    if (options.getCatalogProperties() != null) {
      for (String property : options.getCatalogProperties()) {
        String[] parts = property.split("=", 2);
        if (parts.length < 2) {
          throw new IllegalArgumentException(
              "--catalogProperties has '" + property + "', which is no key=value.");
        }
        properties.put(parts[0], parts[1]);
      }
    }
    properties.put("warehouse", options.getWarehouse());
    return properties;
  }
}
