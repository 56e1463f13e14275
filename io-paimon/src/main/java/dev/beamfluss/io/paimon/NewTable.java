package dev.beamfluss.io.paimon;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.schemas.logicaltypes.PassThroughLogicalType;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.table.Table;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.RowType;

/** A table to create where there is none, with the columns of the rows to write. */
record NewTable(List<String> primaryKeys, List<String> partitionKeys, Map<String, String> options)
    implements Serializable {

  NewTable {
    primaryKeys = List.copyOf(primaryKeys);
    partitionKeys = List.copyOf(partitionKeys);
    options = Map.copyOf(options);
  }

  /**
   * @throws IllegalArgumentException if it cannot be created, or is there with other keys
   */
  Table loadOrCreate(Map<String, String> catalogProperties, String path, Schema rows) {
    if (!primaryKeys.isEmpty() && options.getOrDefault("bucket", "-1").startsWith("-")) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s cannot be created with a primary key and 'bucket' = '%s': it could not be"
                  + " written. Give it a fixed number of buckets: 'bucket' = '8', say.",
              path, options.getOrDefault("bucket", "-1")));
    }
    create(catalogProperties, PaimonTable.identifier(path), rows);
    Table table = PaimonTable.load(catalogProperties, path);
    requireKeys(table, "primary key", table.primaryKeys(), primaryKeys);
    requireKeys(table, "partition", table.partitionKeys(), partitionKeys);
    return table;
  }

  private void create(Map<String, String> catalogProperties, Identifier path, Schema rows) {
    Catalog catalog = PaimonTable.open(catalogProperties);
    try {
      catalog.createDatabase(path.getDatabaseName(), true);
      catalog.createTable(path, schema(rows), true);
    } catch (Catalog.DatabaseAlreadyExistException
        | Catalog.DatabaseNotExistException
        | Catalog.TableAlreadyExistException
        | RuntimeException e) {
      throw new IllegalArgumentException(
          String.format(
              "Cannot create table %s in the Paimon catalog %s: %s",
              path.getFullName(), PaimonTable.describe(catalogProperties), e.getMessage()),
          e);
    } finally {
      PaimonTable.close(catalog);
    }
  }

  private static void requireKeys(
      Table table, String what, List<String> found, List<String> wanted) {
    if (!found.equals(wanted)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s is there already, with the %s columns %s, not %s. Ask withCreateTable for"
                  + " the same, or write to another table.",
              table.fullName(), what, found, wanted));
    }
  }

  private org.apache.paimon.schema.Schema schema(Schema rows) {
    org.apache.paimon.schema.Schema.Builder schema =
        org.apache.paimon.schema.Schema.newBuilder()
            .primaryKey(primaryKeys)
            .partitionKeys(partitionKeys)
            .options(options);
    for (Schema.Field field : rows.getFields()) {
      DataType type = dataType(field.getName(), field.getType());
      schema.column(
          field.getName(),
          primaryKeys.contains(field.getName()) ? type.notNull() : type,
          field.getDescription().isEmpty() ? null : field.getDescription());
    }
    return schema.build();
  }

  static DataType dataType(String path, FieldType type) {
    return notNull(path, type).copy(type.getNullable());
  }

  private static DataType notNull(String path, FieldType type) {
    return switch (type.getTypeName()) {
      case BOOLEAN -> DataTypes.BOOLEAN();
      case BYTE -> DataTypes.TINYINT();
      case INT16 -> DataTypes.SMALLINT();
      case INT32 -> DataTypes.INT();
      case INT64 -> DataTypes.BIGINT();
      case FLOAT -> DataTypes.FLOAT();
      case DOUBLE -> DataTypes.DOUBLE();
      case STRING -> DataTypes.STRING();
      case BYTES -> DataTypes.BYTES();
      case DATETIME -> DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(3);
      case DECIMAL ->
          throw new IllegalArgumentException(
              String.format(
                  "Field %s is DECIMAL, which does not say how many digits its column must have."
                      + " Make it FixedPrecisionNumeric.of(precision, scale), or create the table"
                      + " first.",
                  path));
      case ARRAY, ITERABLE ->
          DataTypes.ARRAY(dataType(path + "[]", type.getCollectionElementType()));
      case MAP ->
          DataTypes.MAP(
              dataType(path + ".key", type.getMapKeyType()),
              dataType(path + ".value", type.getMapValueType()));
      case ROW -> rowType(path, type.getRowSchema());
      case LOGICAL_TYPE -> logical(path, type);
    };
  }

  private static RowType rowType(String path, Schema schema) {
    RowType.Builder row = RowType.builder();
    for (Schema.Field field : schema.getFields()) {
      row.field(field.getName(), dataType(path + "." + field.getName(), field.getType()));
    }
    return row.build();
  }

  private static DataType logical(String path, FieldType type) {
    Schema.LogicalType<?, ?> logical = type.getLogicalType();
    return switch (logical.getIdentifier()) {
      case FixedPrecisionNumeric.IDENTIFIER -> {
        Row argument = (Row) logical.getArgument();
        yield DataTypes.DECIMAL(argument.getInt32("precision"), argument.getInt32("scale"));
      }
      case "beam:logical_type:date:v1" -> DataTypes.DATE();
      case "beam:logical_type:time:v1" -> DataTypes.TIME(3);
      case "beam:logical_type:datetime:v1" -> DataTypes.TIMESTAMP(9);
      case "beam:logical_type:micros_instant:v1" -> DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(6);
      case "beam:logical_type:nanos_instant:v1" -> DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(9);
      default -> {
        if (logical instanceof PassThroughLogicalType) {
          yield notNull(path, logical.getBaseType());
        }
        throw new IllegalArgumentException(
            String.format(
                "Field %s is %s, which no column type of Paimon corresponds to.",
                path, logical.getIdentifier()));
      }
    };
  }
}
