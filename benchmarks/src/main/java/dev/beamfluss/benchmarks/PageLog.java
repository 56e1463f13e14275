package dev.beamfluss.benchmarks;

import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.canary.PageLogColumns;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampLtz;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The page log that canary monitoring reads, and rows of it. Their values come from a pool, so that
 * a row costs little more than its writing.
 */
final class PageLog {
  static final String EVENT_TIME = "event_time";
  static final String CANARY = "grey";
  static final String BASE = "base";

  /** A power of two; a batch of 256 KB has fewer rows. */
  private static final int POOL = 4096;

  private static final List<String> COLUMNS = PageLogColumns.schema().getFieldNames();
  private static final int TIME = COLUMNS.indexOf(EVENT_TIME);
  private static final int VERSION = COLUMNS.indexOf("app_version");
  private static final int RELEASE = COLUMNS.indexOf("release");
  private static final int PAGE = COLUMNS.indexOf("page");
  private static final int EVENT = COLUMNS.indexOf("event");
  private static final int ARGS = COLUMNS.indexOf(PageLogColumns.ARGS);
  private static final int DAY = COLUMNS.indexOf(PageLogColumns.DS);
  private static final List<Integer> SET = List.of(TIME, VERSION, RELEASE, PAGE, EVENT, ARGS, DAY);

  private static final BinaryString CANARY_LABEL = BinaryString.fromString(CANARY);
  private static final BinaryString BASE_LABEL = BinaryString.fromString(BASE);
  private static final BinaryString CANARY_VERSION = BinaryString.fromString("9.8.0");
  private static final List<BinaryString> BASE_VERSIONS =
      List.of(BinaryString.fromString("9.7.1"), BinaryString.fromString("9.7.2"));

  private final Object[][] pool = new Object[POOL][];
  private final BinaryString[] canaryArgs = new BinaryString[POOL];
  private final BinaryString day =
      BinaryString.fromString(
          LocalDate.now(ZoneOffset.UTC).format(DateTimeFormatter.BASIC_ISO_DATE));

  /**
   * @param filled the columns that have values; the others are null
   */
  PageLog(Collection<String> filled) {
    Random random = new Random(COLUMNS.size());
    for (int i = 0; i < POOL; i++) {
      String args = PageLogValues.args(BASE, random);
      pool[i] =
          COLUMNS.stream()
              .map(column -> filled.contains(column) ? value(column, random) : null)
              .toArray();
      if (filled.contains(PageLogColumns.ARGS)) {
        pool[i][ARGS] = BinaryString.fromString(args);
        canaryArgs[i] =
            BinaryString.fromString(args.replace("release_type=" + BASE, "release_type=" + CANARY));
      }
    }
  }

  /** Those that the pipeline reads: the core, and what it filters by. */
  static List<String> monitored() {
    List<String> columns = new ArrayList<>(PageLogColumns.core());
    columns.add(PageLogColumns.ARGS);
    return columns;
  }

  private static @Nullable Object value(String column, Random random) {
    if (SET.contains(COLUMNS.indexOf(column))) {
      return null;
    }
    Object value = PageLogValues.make(column, random);
    return value instanceof String text ? BinaryString.fromString(text) : value;
  }

  /** An event of today. */
  GenericRow row(
      long number, boolean isCanary, BinaryString page, BinaryString event, long millis) {
    int i = (int) number & (POOL - 1);
    Object[] values = pool[i].clone();
    values[TIME] = TimestampLtz.fromEpochMillis(millis);
    values[VERSION] = isCanary ? CANARY_VERSION : BASE_VERSIONS.get(i % BASE_VERSIONS.size());
    values[RELEASE] = isCanary ? CANARY_LABEL : BASE_LABEL;
    values[PAGE] = page;
    values[EVENT] = event;
    if (isCanary) {
      values[ARGS] = canaryArgs[i];
    }
    values[DAY] = day;
    return GenericRow.of(values);
  }

  /** Pages, or whatever is numbered. */
  static BinaryString[] names(String prefix, int number) {
    return IntStream.range(0, number)
        .mapToObj(i -> BinaryString.fromString(prefix + i))
        .toArray(BinaryString[]::new);
  }

  /** The tables of the scenario, with databases of this prefix, and of these names; all if none. */
  static void create(LocalFluss fluss, String prefix, String... names) {
    TableOptions options = TableOptions.defaults().withLake(false).withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table : CanaryTables.definitions(options)) {
        if (names.length == 0 || List.of(names).contains(table.name())) {
          creator.create(table);
        }
      }
    }
  }

  static TablePath path(String prefix, String table) {
    return TablePath.of(prefix + CanaryTables.DATABASE, table);
  }
}
