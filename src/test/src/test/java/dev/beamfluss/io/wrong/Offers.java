package dev.beamfluss.io.wrong;

import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.IntType;

/** Shows a foreign type in each of six ways, and hides it in two. */
public class Offers extends IntType {
  public TablePath[] field;
  TablePath hidden;

  protected Offers(TablePath constructor) {
    this.hidden = constructor;
  }

  public void parameter(InternalRow row) {}

  protected DataType result() {
    return this;
  }

  public Map<String, List<? extends InternalRow>> typeArgument() {
    return Map.of();
  }

  InternalRow hiddenResult() {
    return null;
  }

  static class Hidden {
    public InternalRow result() {
      return null;
    }
  }
}
