package dev.beamfluss.io.paimon;

import static java.util.stream.Collectors.joining;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.predicate.Predicate;
import org.apache.paimon.predicate.PredicateBuilder;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypeFamily;
import org.apache.paimon.types.DataTypeRoot;
import org.apache.paimon.types.RowType;

/**
 * Which rows to read. It reaches the files of the table: partitions, files and groups of rows of
 * which the table's statistics say that they hold none are not read at all. The rows of the others
 * are tested one by one, so that exactly those that fit come through.
 *
 * <pre>{@code
 * PaimonFilter.and(
 *     PaimonFilter.in("ds", "2026-11-22", "2026-11-23"),
 *     PaimonFilter.greaterOrEqual("amount", new BigDecimal("10.00")))
 * }</pre>
 *
 * <p>A value is of the Java class that {@link PaimonIO} gives for the column: a {@code Long} for
 * BIGINT, a {@code LocalDate} for DATE. As in SQL, a null is neither equal to anything nor
 * different from it, neither smaller nor larger: ask with {@link #isNull}. Columns that do not
 * exist, and values of other types, are errors when the pipeline is built.
 */
public abstract class PaimonFilter implements Serializable {
  private static final long serialVersionUID = 1L;

  private enum Test {
    EQUAL("="),
    NOT_EQUAL("<>"),
    LESS("<"),
    LESS_OR_EQUAL("<="),
    GREATER(">"),
    GREATER_OR_EQUAL(">="),
    STARTS_WITH("starts with"),
    IN("in"),
    IS_NULL("is null"),
    IS_NOT_NULL("is not null");

    private final String text;

    Test(String text) {
      this.text = text;
    }

    private boolean takes(DataType type) {
      boolean single = !type.is(DataTypeFamily.CONSTRUCTED) && !type.is(DataTypeRoot.VARIANT);
      return switch (this) {
        case IS_NULL, IS_NOT_NULL -> true;
        case EQUAL, NOT_EQUAL, IN -> single;
        // Paimon compares bytes as signed numbers, which the statistics of its files do not
        case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL ->
            single && !type.is(DataTypeFamily.BINARY_STRING);
        case STARTS_WITH -> type.is(DataTypeFamily.CHARACTER_STRING);
      };
    }

    private Predicate predicate(PredicateBuilder builder, int column, List<Object> literals) {
      return switch (this) {
        case EQUAL -> builder.equal(column, literals.get(0));
        case NOT_EQUAL -> builder.notEqual(column, literals.get(0));
        case LESS -> builder.lessThan(column, literals.get(0));
        case LESS_OR_EQUAL -> builder.lessOrEqual(column, literals.get(0));
        case GREATER -> builder.greaterThan(column, literals.get(0));
        case GREATER_OR_EQUAL -> builder.greaterOrEqual(column, literals.get(0));
        case STARTS_WITH -> builder.startsWith(column, literals.get(0));
        case IN -> builder.in(column, literals);
        case IS_NULL -> builder.isNull(column);
        case IS_NOT_NULL -> builder.isNotNull(column);
      };
    }
  }

  private PaimonFilter() {}

  public static PaimonFilter equal(String column, Object value) {
    return one(Test.EQUAL, column, value);
  }

  public static PaimonFilter notEqual(String column, Object value) {
    return one(Test.NOT_EQUAL, column, value);
  }

  public static PaimonFilter lessThan(String column, Object value) {
    return one(Test.LESS, column, value);
  }

  public static PaimonFilter lessOrEqual(String column, Object value) {
    return one(Test.LESS_OR_EQUAL, column, value);
  }

  public static PaimonFilter greaterThan(String column, Object value) {
    return one(Test.GREATER, column, value);
  }

  public static PaimonFilter greaterOrEqual(String column, Object value) {
    return one(Test.GREATER_OR_EQUAL, column, value);
  }

  /** Both bounds belong to it. */
  public static PaimonFilter between(String column, Object least, Object greatest) {
    return and(greaterOrEqual(column, least), lessOrEqual(column, greatest));
  }

  public static PaimonFilter startsWith(String column, String prefix) {
    return one(Test.STARTS_WITH, column, prefix);
  }

  public static PaimonFilter in(String column, Object... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException(
          String.format("Give at least one value that column %s may have.", column));
    }
    return new Comparison(Test.IN, column, Arrays.asList(values));
  }

  public static PaimonFilter isNull(String column) {
    return new Comparison(Test.IS_NULL, column, List.of());
  }

  public static PaimonFilter isNotNull(String column) {
    return new Comparison(Test.IS_NOT_NULL, column, List.of());
  }

  public static PaimonFilter and(PaimonFilter... parts) {
    return new Combination(true, parts);
  }

  public static PaimonFilter or(PaimonFilter... parts) {
    return new Combination(false, parts);
  }

  private static PaimonFilter one(Test test, String column, Object value) {
    return new Comparison(test, column, Arrays.asList(value));
  }

  abstract Set<String> columns();

  /**
   * For rows of the type.
   *
   * @throws IllegalArgumentException if they lack a column, or it has another type
   */
  abstract Predicate predicate(String table, RowType type);

  private static final class Combination extends PaimonFilter {
    private static final long serialVersionUID = 1L;

    private final boolean all;
    private final ArrayList<PaimonFilter> parts;

    Combination(boolean all, PaimonFilter... parts) {
      if (parts.length == 0) {
        throw new IllegalArgumentException("Combine at least one filter.");
      }
      this.all = all;
      this.parts = new ArrayList<>(Arrays.asList(parts));
    }

    @Override
    Set<String> columns() {
      Set<String> columns = new LinkedHashSet<>();
      parts.forEach(part -> columns.addAll(part.columns()));
      return columns;
    }

    @Override
    Predicate predicate(String table, RowType type) {
      List<Predicate> predicates = parts.stream().map(part -> part.predicate(table, type)).toList();
      return all ? PredicateBuilder.and(predicates) : PredicateBuilder.or(predicates);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Combination that && all == that.all && parts.equals(that.parts);
    }

    @Override
    public int hashCode() {
      return Objects.hash(all, parts);
    }

    @Override
    public String toString() {
      return parts.stream()
          .map(PaimonFilter::toString)
          .collect(joining(all ? " and " : " or ", "(", ")"));
    }
  }

  private static final class Comparison extends PaimonFilter {
    private static final long serialVersionUID = 1L;

    private final Test test;
    private final String column;
    private final ArrayList<Object> values;

    Comparison(Test test, String column, Collection<?> values) {
      this.test = test;
      this.column = Objects.requireNonNull(column, "column");
      this.values = new ArrayList<>(values);
      if (this.values.contains(null)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is compared with null, which no row fits. Use isNull or isNotNull.",
                column));
      }
    }

    @Override
    Set<String> columns() {
      return Set.of(column);
    }

    @Override
    Predicate predicate(String table, RowType type) {
      int index = type.getFieldIndex(column);
      if (index < 0) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has no column %s to filter by (%s). Its columns are %s.",
                table, column, this, type.getFieldNames()));
      }
      DataType columnType = type.getTypeAt(index);
      if (!test.takes(columnType)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s of table %s is %s, which cannot be filtered by (%s).",
                column, table, columnType, this));
      }
      List<Object> literals = List.of();
      if (!values.isEmpty()) {
        Literals encoder = new Literals(table, type.project(column));
        literals = values.stream().map(value -> encoder.encode(value, this)).toList();
      }
      return test.predicate(new PredicateBuilder(type), index, literals);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Comparison that
          && test == that.test
          && column.equals(that.column)
          && Arrays.deepEquals(values.toArray(), that.values.toArray());
    }

    @Override
    public int hashCode() {
      return Objects.hash(test, column, Arrays.deepHashCode(values.toArray()));
    }

    @Override
    public String toString() {
      return switch (test) {
        case IS_NULL, IS_NOT_NULL -> column + " " + test.text;
        case IN -> column + " " + test.text + " " + values;
        default -> column + " " + test.text + " " + values.get(0);
      };
    }
  }

  /** Makes Paimon's values of those that Beam has for a column. */
  private static final class Literals {
    private final String table;
    private final RowType column;
    private final Schema schema;

    Literals(String table, RowType column) {
      this.table = table;
      this.column = column;
      this.schema = TypeMapping.schema(column);
    }

    Object encode(Object value, PaimonFilter filter) {
      Row row;
      try {
        row = Row.withSchema(schema).addValue(value).build();
      } catch (IllegalArgumentException | ClassCastException e) {
        FieldType expected = schema.getField(0).getType();
        throw new IllegalArgumentException(
            String.format(
                "Column %s of table %s is %s and is compared with values of %s, not with the %s %s"
                    + " (%s).",
                column.getFieldNames().get(0),
                table,
                column.getTypeAt(0),
                expected.getTypeName().isLogicalType()
                    ? expected.getLogicalType().getIdentifier()
                    : expected.getTypeName(),
                value.getClass().getSimpleName(),
                value,
                filter),
            e);
      }
      InternalRow encoded = new RowEncoder(table, column, schema).encode(row);
      DataType type = column.getTypeAt(0);
      if (type.is(DataTypeFamily.DATETIME) && !new RowDecoder(column).decode(encoded).equals(row)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s of table %s is %s, which is compared with fewer digits than %s has.",
                column.getFieldNames().get(0), table, type, value));
      }
      return InternalRow.createFieldGetter(type, 0).getFieldOrNull(encoded);
    }
  }
}
