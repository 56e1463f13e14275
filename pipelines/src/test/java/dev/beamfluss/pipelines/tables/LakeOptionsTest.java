package dev.beamfluss.pipelines.tables;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.Test;

class LakeOptionsTest {
  private static Map<String, String> catalog(String... flags) {
    return LakeOptions.catalog(PipelineOptionsFactory.fromArgs(flags).as(LakeOptions.class));
  }

  private static String refusal(String... flags) {
    return assertThrows(IllegalArgumentException.class, () -> catalog(flags)).getMessage();
  }

  @Test
  void theCatalogIsAWarehouseAndFurtherProperties() {
    assertThat(catalog("--warehouse=/lake"), is(Map.of("warehouse", "/lake")));
    assertThat(
        catalog("--warehouse=/lake", "--catalogProperties=metastore=hive,uri=thrift://h:9083"),
        is(Map.of("warehouse", "/lake", "metastore", "hive", "uri", "thrift://h:9083")));
  }

  @Test
  void whatIsNoCatalogIsRefused() {
    assertThat(refusal(), containsString("Name the lake with --warehouse=DIR"));
    assertThat(
        refusal("--warehouse=/lake", "--catalogProperties=hive"),
        containsString("--catalogProperties has 'hive', which is no key=value"));
  }
}
