package dev.beamfluss.pipelines.canary;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import java.util.HashSet;
import java.util.List;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;

class PageLogColumnsTest {
  @Test
  void aThirdOfTheColumnsIsCore() {
    List<String> names = PageLogColumns.schema().getFieldNames();
    assertThat(names, hasSize(94));
    assertThat("distinct", new HashSet<>(names), hasSize(94));
    assertThat(names.subList(92, 94), contains("args", "ds"));
    assertThat(PageLogColumns.core(), hasSize(30));
    assertThat(PageLogColumns.core(), hasItems("event_id", "event_time", "release", "ds"));
    assertThat("it is what makes rows fat", PageLogColumns.core(), not(hasItems("args")));
  }

  @Test
  void theTableHasTheSameColumns() {
    org.apache.fluss.metadata.Schema table = PageLogColumns.flussSchema();
    assertThat(table.getColumnNames(), is(PageLogColumns.schema().getFieldNames()));
    assertThat(table.getColumn("event_time").getDataType(), is(DataTypes.TIMESTAMP_LTZ(3)));
    assertThat(table.getColumn("shop_id").getDataType(), is(DataTypes.BIGINT()));
  }
}
