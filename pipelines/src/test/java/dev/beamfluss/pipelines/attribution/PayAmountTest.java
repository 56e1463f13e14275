package dev.beamfluss.pipelines.attribution;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;

import java.math.BigDecimal;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class PayAmountTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0.000000",
    "12.5, 12.500000",
    "12., 12.000000",
    "-3.20, -3.200000",
    "+7, 7.000000",
    "0.123456, 0.123456",
    "0.1234560000, 0.123456",
    "00012345678901234567.10, 12345678901234567.100000",
  })
  void isAPlainDecimalNumber(String text, BigDecimal amount) {
    assertThat(PayAmount.of(text), is(amount));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        " ",
        " 1",
        "1,50",
        "1e3",
        "free",
        ".5",
        "NaN",
        "0.1234567",
        "1.2.3",
        "--1",
        "123456789012345678901",
        "١٢"
      })
  void isNullForAnythingElse(String text) {
    assertThat(PayAmount.of(text), is(nullValue()));
  }
}
