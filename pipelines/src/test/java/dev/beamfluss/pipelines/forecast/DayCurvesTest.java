package dev.beamfluss.pipelines.forecast;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DayCurvesTest {
  private static final LocalDate DAY = LocalDate.of(2026, 3, 2);

  private static final Schema ROW =
      Schema.builder()
          .addStringField("ds")
          .addNullableStringField("mm")
          .addStringField("order_source")
          .addNullableInt64Field("order_cnt")
          .addNullableField("order_gmv", FieldType.DECIMAL)
          .build();

  private final DayCurves curves = new DayCurves();

  private void add(String ds, @Nullable String mm, @Nullable Long count, @Nullable String amount) {
    curves.add(
        Row.withSchema(ROW)
            .attachValues(ds, mm, "web", count, amount == null ? null : new BigDecimal(amount)));
  }

  @Test
  void minutesWithoutARowHaveWhatTheOneBeforeHas() {
    add("20260302", "1200", 5L, "50.50");
    add("20260302", "09:30", 2L, "20.00");
    double[] counts = curves.counts().get(DAY);
    assertThat(counts[569], is(0.0));
    assertThat(counts[570], is(2.0));
    assertThat(counts[719], is(2.0));
    assertThat(counts[720], is(5.0));
    assertThat(counts[1439], is(5.0));
    double[] amounts = curves.amounts().get(DAY);
    assertThat(amounts[600], is(20.0));
    assertThat(amounts[1439], is(50.5));
  }

  @Test
  void aDayWithAnUnknownAmountHasCountsAlone() {
    add("20260302", "0930", 2L, "20.00");
    add("20260302", "0931", 3L, null);
    add("20260303", "0930", 1L, "9.99");
    add("20260304", "0930", null, "9.99");
    assertThat(curves.counts().keySet(), is(Set.of(DAY, DAY.plusDays(1))));
    assertThat(curves.amounts().keySet(), is(Set.of(DAY.plusDays(1), DAY.plusDays(2))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2400", "1260", "9:30", "", "0930x"})
  void whatIsNoMinuteIsRefused(String mm) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> add("20260302", mm, 1L, null));
    assertThat(
        refused.getMessage(),
        containsString("Column mm of table order_dtm is '" + mm + "' in row"));
  }

  @Test
  void whatIsNoDayIsRefused() {
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> add("2026-03-02", "0930", 1L, null))
            .getMessage(),
        containsString("Column ds of table order_dtm is '2026-03-02', which is no day"));
  }
}
