package dev.beamfluss.pipelines.mapping;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/** Makes rows as a {@link RecordMapping} says. For one thread. */
public final class RowMapper extends RecordMapper {
  private final Schema schema;
  private final List<ColumnMapping> columns;
  private final Set<String> needed;
  private final boolean ignoresOthers;

  RowMapper(RecordMapping mapping) {
    super(mapping.columns(), mapping.schema().getFieldCount(), List.of());
    this.schema = mapping.schema();
    this.columns = mapping.columns();
    this.needed = mapping.needed();
    this.ignoresOthers = mapping.ignoresOthers();
  }

  /**
   * The row of an object.
   *
   * @throws UnmappableException if it has none
   */
  public Row map(String json) throws UnmappableException {
    Object[] values = values(json);
    for (ColumnMapping column : columns) {
      if (values[column.index()] == null && needed.contains(column.column())) {
        throw new UnmappableException(
            "column "
                + column.column()
                + ": it has no value at "
                + column.path()
                + ", and the table takes no null there");
      }
    }
    return Row.withSchema(schema).attachValues(Arrays.asList(values.clone()));
  }

  @Override
  protected void other(String name, String value, boolean inArgs) throws UnmappableException {
    if (!ignoresOthers) {
      throw new UnmappableException(
          "field "
              + name
              + ": no column takes it; map it, or write \"others\": \"ignore\" into the mapping");
    }
  }
}
