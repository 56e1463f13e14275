package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SplitProgressTest {
  private static final BucketId A = new BucketId(BucketId.NO_PARTITION, 0);
  private static final BucketId B = new BucketId(BucketId.NO_PARTITION, 1);
  private static final long SKEW = SplitProgress.CLOCK_SKEW;
  private static final long NONE = EventTime.BEFORE_ALL;

  private long now = 1_000_000;
  private final SplitProgress progress = progress(true, false, Duration.ZERO);

  private SplitProgress progress(boolean owns, boolean partitioned, Duration outOfOrderness) {
    return new SplitProgress(owns, partitioned, outOfOrderness, () -> now);
  }

  @Test
  void theWatermarkIsTheLeastOfTheBuckets() {
    list(progress, A, B);
    assertThat(progress.watermark(), equalTo(NONE));
    read(A, 10, 5_000);
    assertThat("nothing is known of the other", progress.watermark(), equalTo(NONE));
    read(B, 10, 3_000);
    assertThat(progress.watermark(), equalTo(3_000L));
    read(B, 20, 9_000);
    assertThat(progress.watermark(), equalTo(5_000L));
  }

  @Test
  void aBucketReadToItsEndAllowsTheTimeTheEndWasAskedFor() {
    list(progress, A, B);
    read(A, 10, 5_000);
    progress.looked(Map.of(B, 0L), Set.of(B), 60_000);
    assertThat(progress.watermark(), equalTo(5_000L));
    progress.looked(Map.of(A, 10L, B, 0L), Set.of(A, B), 70_000);
    assertThat(progress.watermark(), equalTo(70_000 - SKEW));
  }

  @Test
  void aBucketThatIsNotReadToItsEndAllowsNothingMore() {
    list(progress, A);
    read(A, 10, 5_000);
    progress.looked(Map.of(A, 12L), Set.of(), 60_000);
    assertThat(progress.watermark(), equalTo(5_000L));
    assertThat(progress.backlog(), equalTo(2L));
  }

  @Test
  void outOfOrdernessIsTakenOff() {
    SplitProgress tolerant = progress(true, false, Duration.ofSeconds(2));
    list(tolerant, A);
    tolerant.read(A, BucketPosition.inLog(1), 5_000, 1);
    assertThat(tolerant.watermark(), equalTo(3_000L));
    tolerant.looked(Map.of(A, 1L), Set.of(A), 60_000);
    assertThat(tolerant.watermark(), equalTo(58_000 - SKEW));
  }

  @Test
  void theWatermarkNeverGoesBack() {
    list(progress, A);
    read(A, 1, 5_000);
    assertThat(progress.watermark(), equalTo(5_000L));
    list(progress, B);
    assertThat(progress.watermark(), equalTo(5_000L));
    read(B, 1, 1_000);
    assertThat(progress.watermark(), equalTo(5_000L));
  }

  @Test
  void onAPartitionedTableItIsNoYoungerThanTheLastListing() {
    SplitProgress partitioned = progress(true, true, Duration.ZERO);
    BucketId first = new BucketId(1, 0);
    partitioned.listed(Map.of(first, BucketPosition.inLog(-2)), Set.of(), 10_000);
    partitioned.looked(Map.of(first, 0L), Set.of(first), 50_000);
    assertThat(partitioned.watermark(), equalTo(10_000 - SKEW));
    partitioned.listed(Map.of(), Set.of(), 40_000);
    assertThat(partitioned.watermark(), equalTo(40_000 - SKEW));
  }

  @Test
  void partitionsThatAreNotThereDoNotHoldItBack() {
    SplitProgress partitioned = progress(true, true, Duration.ZERO);
    partitioned.listed(Map.of(), Set.of(), 10_000);
    assertThat(partitioned.watermark(), equalTo(10_000 - SKEW));
    BucketId gone = new BucketId(1, 0);
    partitioned.listed(Map.of(gone, BucketPosition.inLog(-2)), Set.of(), 20_000);
    assertThat("nothing is known of it", partitioned.watermark(), equalTo(10_000 - SKEW));
    partitioned.listed(Map.of(), Set.of(gone), 30_000);
    assertThat(partitioned.watermark(), equalTo(30_000 - SKEW));
    assertThat(partitioned.positions().keySet(), empty());
  }

  @Test
  void aSplitWithoutBucketsFollowsTheClock() {
    SplitProgress idle = progress(false, true, Duration.ZERO);
    assertThat(idle.watermark(), equalTo(now - SKEW));
    now += 500;
    assertThat(idle.watermark(), equalTo(now - SKEW));
    assertThat(idle.isPlaced(), equalTo(true));
    assertThat(idle.backlog(), equalTo(0L));
  }

  @Test
  void rowsOfASnapshotAllowNothingAndTheLogAfterItDoes() {
    progress.listed(Map.of(A, BucketPosition.inSnapshot(7, 0, 100)), Set.of(), 10_000);
    progress.read(A, BucketPosition.inSnapshot(7, 50, 100), 9_000, SplitProgress.UNKNOWN);
    assertThat(progress.watermark(), equalTo(NONE));
    assertThat(progress.backlog(), equalTo(SplitProgress.UNKNOWN));
    assertThat(progress.finishedSnapshots(), empty());
    progress.read(A, BucketPosition.inLog(100), NONE, SplitProgress.UNKNOWN);
    assertThat("until a checkpoint gives them up", progress.finishedSnapshots(), contains(A));
    assertThat(progress.finishedSnapshots(), contains(A));
    assertThat(progress.giveUp(List.of(A)), contains(A));
    assertThat("once", progress.giveUp(List.of(A)), empty());
    assertThat(progress.finishedSnapshots(), empty());
    progress.read(A, BucketPosition.inLog(103), 8_000, 104);
    assertThat(progress.watermark(), equalTo(8_000L));
    assertThat(progress.backlog(), equalTo(1L));
  }

  @Test
  void theBacklogIsUnknownUntilEveryEndIs() {
    assertThat(progress.backlog(), equalTo(SplitProgress.UNKNOWN));
    list(progress, A, B);
    progress.looked(Map.of(A, 5L), Set.of(), 1_000);
    assertThat(progress.backlog(), equalTo(SplitProgress.UNKNOWN));
    progress.looked(Map.of(A, 5L, B, 0L), Set.of(B), 1_000);
    read(A, 2, 10);
    assertThat(progress.backlog(), equalTo(3L));
  }

  /** A batch of changes that changed nothing takes offsets and holds no row. */
  @Test
  void offsetsWithoutRowsAreNoBacklogOnceTheScanIsPastThem() {
    list(progress, A);
    read(A, 5, 10);
    progress.looked(Map.of(A, 9L), Set.of(A), 1_000);
    assertThat(progress.backlog(), equalTo(0L));
    assertThat(progress.positions().get(A), equalTo(BucketPosition.inLog(9)));
  }

  private static void list(SplitProgress progress, BucketId... buckets) {
    for (BucketId bucket : buckets) {
      progress.listed(Map.of(bucket, BucketPosition.inLog(-2)), List.of(), 1_000);
    }
  }

  private void read(BucketId bucket, long next, long greatest) {
    progress.read(bucket, BucketPosition.inLog(next), greatest, SplitProgress.UNKNOWN);
  }
}
