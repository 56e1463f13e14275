package dev.beamfluss.io.paimon;

import java.io.Serializable;
import java.time.Instant;

/** Where a read of changes starts. It is settled when the pipeline is built. */
public abstract class PaimonPosition implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String text;

  private PaimonPosition(String text) {
    this.text = text;
  }

  /** All that the table holds, and then what changes. */
  public static PaimonPosition full() {
    return new PaimonPosition("full") {
      @Override
      ChangesCheckpoint settle(Snapshots snapshots) {
        Long latest = snapshots.latestId();
        return latest == null
            ? ChangesCheckpoint.changesFrom(snapshots.afterLatest())
            : ChangesCheckpoint.wholeOf(latest);
      }
    };
  }

  /** What changes after the latest snapshot there is. */
  public static PaimonPosition latest() {
    return new PaimonPosition("latest") {
      @Override
      ChangesCheckpoint settle(Snapshots snapshots) {
        return ChangesCheckpoint.changesFrom(snapshots.afterLatest());
      }
    };
  }

  /**
   * The changes that this snapshot brought, and all later ones. It must be there, or be the next
   * that will be.
   */
  public static PaimonPosition snapshot(long id) {
    return new PaimonPosition("snapshot " + id) {
      @Override
      ChangesCheckpoint settle(Snapshots snapshots) {
        return ChangesCheckpoint.changesFrom(snapshots.changesFrom(id));
      }
    };
  }

  /**
   * The changes of snapshots that were committed at this time or later. The time must be past, and
   * none of these snapshots may have expired.
   */
  public static PaimonPosition timestamp(Instant time) {
    return new PaimonPosition(time.toString()) {
      @Override
      ChangesCheckpoint settle(Snapshots snapshots) {
        return ChangesCheckpoint.changesFrom(snapshots.changesFrom(time));
      }
    };
  }

  /**
   * Where that is in a table now.
   *
   * @throws IllegalArgumentException if it is not there
   */
  abstract ChangesCheckpoint settle(Snapshots snapshots);

  @Override
  public boolean equals(Object other) {
    return other instanceof PaimonPosition that && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
