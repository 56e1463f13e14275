package dev.beamfluss.io.paimon;

import static java.util.stream.Collectors.joining;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.paimon.CoreOptions;
import org.apache.paimon.Snapshot;
import org.apache.paimon.options.ConfigOption;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.source.snapshot.TimeTravelUtil;
import org.apache.paimon.utils.ChangelogManager;
import org.apache.paimon.utils.SnapshotManager;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The snapshots that a table has, and what is said where one is missing. */
final class Snapshots {
  private static final int SHOWN_TAGS = 20;

  private static final List<ConfigOption<?>> POSITIONS =
      List.of(
          CoreOptions.SCAN_MODE,
          CoreOptions.SCAN_TIMESTAMP,
          CoreOptions.SCAN_TIMESTAMP_MILLIS,
          CoreOptions.SCAN_WATERMARK,
          CoreOptions.SCAN_FILE_CREATION_TIME_MILLIS,
          CoreOptions.SCAN_CREATION_TIME_MILLIS,
          CoreOptions.SCAN_SNAPSHOT_ID,
          CoreOptions.SCAN_TAG_NAME,
          CoreOptions.SCAN_VERSION);

  private final FileStoreTable table;
  private final SnapshotManager manager;

  private Snapshots(FileStoreTable table) {
    this.table = table;
    this.manager = table.snapshotManager();
  }

  /**
   * @param purpose what is not possible without them
   * @throws IllegalArgumentException if the table has none: system tables
   */
  static Snapshots of(Table table, String purpose) {
    if (table instanceof FileStoreTable stored) {
      return new Snapshots(stored);
    }
    throw new IllegalArgumentException(
        String.format(
            "Table %s keeps no snapshots, so %s is not possible.", table.name(), purpose));
  }

  FileStoreTable table() {
    return table;
  }

  private boolean keepsChangelogs() {
    return table.coreOptions().changelogLifecycleDecoupled();
  }

  /** The table as a snapshot holds it, but with the columns of now. */
  static FileStoreTable withRowsOf(FileStoreTable table, long snapshot) {
    return table.copyWithoutTimeTravel(pinned(table, snapshot));
  }

  private static Map<String, String> pinned(FileStoreTable table, long snapshot) {
    return pinned(table, CoreOptions.SCAN_SNAPSHOT_ID.key(), Long.toString(snapshot));
  }

  /** Instead of what the table's own options say about where a scan starts. */
  private static Map<String, String> pinned(FileStoreTable table, String option, String value) {
    Map<String, String> options = new HashMap<>();
    for (ConfigOption<?> position : POSITIONS) {
      if (table.options().containsKey(position.key())) {
        options.put(position.key(), null);
      }
    }
    options.put(option, value);
    return options;
  }

  /** The table as it was then, its columns too. */
  FileStoreTable at(long snapshot) {
    if (!manager.snapshotExists(snapshot)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no snapshot %d, or it has expired. %s",
              table.fullName(), snapshot, existing()));
    }
    return table.copy(pinned(table, snapshot));
  }

  FileStoreTable atTag(String tag) {
    if (!table.tagManager().tagExists(tag)) {
      throw new IllegalArgumentException(
          String.format("Table %s has no tag %s. %s", table.fullName(), tag, existing()));
    }
    return table.copy(pinned(table, CoreOptions.SCAN_TAG_NAME.key(), tag));
  }

  FileStoreTable at(Instant time) {
    checkPast(time);
    Snapshot snapshot = manager.earlierOrEqualTimeMills(time.toEpochMilli());
    if (snapshot == null) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no snapshot that was there at %s, or it has expired. %s",
              table.fullName(), time, existing()));
    }
    return table.copy(pinned(table, snapshot.id()));
  }

  private void checkPast(Instant time) {
    if (time.isAfter(Instant.now())) {
      throw new IllegalArgumentException(
          String.format("%s is yet to come. Give a time that is past.", time));
    }
  }

  /** The snapshot from which on all is later than those that are there. */
  long afterLatest() {
    Long latest = manager.latestSnapshotId();
    return latest == null ? Snapshot.FIRST_SNAPSHOT_ID : latest + 1;
  }

  @Nullable Long latestId() {
    return manager.latestSnapshotId();
  }

  /** The first whose changes are still there. */
  private @Nullable Long earliestChanges() {
    Long earliest = manager.earliestSnapshotId();
    Long changelog =
        keepsChangelogs() ? table.changelogManager().earliestLongLivedChangelogId() : null;
    return changelog == null ? earliest : changelog;
  }

  /**
   * Where to start for all changes from a snapshot on.
   *
   * @throws IllegalArgumentException if they are not there
   */
  long changesFrom(long snapshot) {
    Long earliest = earliestChanges();
    if (snapshot < Snapshot.FIRST_SNAPSHOT_ID
        || snapshot > afterLatest()
        || (earliest != null && snapshot < earliest)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no snapshot %d to start from, or it has expired. %s",
              table.fullName(), snapshot, existing()));
    }
    return snapshot;
  }

  /**
   * The first snapshot that was committed at the time or later.
   *
   * @throws IllegalArgumentException if there may have been earlier ones that have expired
   */
  long changesFrom(Instant time) {
    checkPast(time);
    Long before =
        TimeTravelUtil.earlierThanTimeMills(
            manager, table.changelogManager(), time.toEpochMilli(), keepsChangelogs(), false);
    if (before == null) {
      return Snapshot.FIRST_SNAPSHOT_ID;
    }
    Long earliest = earliestChanges();
    if (earliest != null && before < earliest && earliest > Snapshot.FIRST_SNAPSHOT_ID) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s no longer has all changes since %s. %s",
              table.fullName(), time, existing()));
    }
    return before + 1;
  }

  /** When the snapshot was committed, in milliseconds since the epoch. */
  long commitTime(long snapshot) {
    ChangelogManager changelogs = table.changelogManager();
    Snapshot found =
        keepsChangelogs()
                && !manager.snapshotExists(snapshot)
                && changelogs.longLivedChangelogExists(snapshot)
            ? changelogs.longLivedChangelog(snapshot)
            : manager.snapshot(snapshot);
    return found.timeMillis();
  }

  /**
   * Tells why a read cannot go on with a snapshot, if the reason is that it is gone.
   *
   * @param whole whether all its rows are needed, not the changes that it brought alone
   */
  @Nullable String whyNot(long snapshot, boolean whole) {
    manager.invalidateCache();
    Long earliest = whole ? manager.earliestSnapshotId() : earliestChanges();
    if (earliest != null && snapshot < earliest) {
      return String.format(
          "Snapshot %d of table %s has expired before it was read to its end. %s"
              + " Keep snapshots for longer than a reader may be behind or down"
              + " (snapshot.time-retained, snapshot.num-retained.min), and start the read anew.",
          snapshot, table.fullName(), existing());
    }
    Long latest = manager.latestSnapshotIdFromFileSystem();
    long next = latest == null ? Snapshot.FIRST_SNAPSHOT_ID : latest + 1;
    if (snapshot > next) {
      return String.format(
          "Table %s has no snapshot %d yet, although the read was there before: the table was"
              + " created anew or rolled back. %s Start the read anew.",
          table.fullName(), snapshot, existing());
    }
    return null;
  }

  private String existing() {
    Long earliest = manager.earliestSnapshotId();
    Long latest = manager.latestSnapshotId();
    List<String> tags = table.tagManager().allTagNames();
    return (earliest == null || latest == null
            ? "It has no snapshots"
            : String.format(
                "It has the snapshots %d (of %s) to %d (of %s)",
                earliest, committed(earliest), latest, committed(latest)))
        + (tags.isEmpty()
            ? " and no tags."
            : tags.stream()
                .sorted()
                .limit(SHOWN_TAGS)
                .collect(joining(", ", " and the tags [", "].")));
  }

  private Instant committed(long snapshot) {
    return Instant.ofEpochMilli(manager.snapshot(snapshot).timeMillis());
  }
}
