package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import java.util.Map;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.util.CoderUtils;
import org.junit.jupiter.api.Test;

/** The bytes in here are in people's checkpoints: they must stay readable. */
class ReadCheckpointTest {
  private static final ReadCheckpoint.Coder CODER = ReadCheckpoint.Coder.of();

  /** Partition 7, buckets 0 and 300, and the bucket 2 of a table without partitions. */
  private static final ReadCheckpoint THREE =
      new ReadCheckpoint(
          Map.of(
              new BucketId(7, 0), BucketPosition.inLog(42),
              new BucketId(7, 300), BucketPosition.inLog(-2),
              new BucketId(BucketId.NO_PARTITION, 2), BucketPosition.inLog(1L << 40)));

  /** The same, and bucket 1 of partition 7 in the middle of its snapshot 5. */
  private static final ReadCheckpoint FOUR =
      new ReadCheckpoint(
          Map.of(
              new BucketId(7, 0), BucketPosition.inLog(42),
              new BucketId(7, 300), BucketPosition.inLog(-2),
              new BucketId(BucketId.NO_PARTITION, 2), BucketPosition.inLog(1L << 40),
              new BucketId(7, 1), BucketPosition.inSnapshot(5, 1_000, 2_000)));

  /** Bucket 1 of partition 7 in the middle of what the lake has, and one that only the lake has. */
  private static final ReadCheckpoint IN_LAKE =
      new ReadCheckpoint(
          Map.of(
              new BucketId(7, 1), BucketPosition.inLake(5, 1_000, 2_000, "20260101"),
              new BucketId(-2, -1), BucketPosition.inLake(5, 0, BucketPosition.NO_LOG, "")));

  private static final String IN_LAKE_OF_VERSION_3 =
      "0302"
          + "fffffffffffffffe"
          + "ffffffff0f"
          + "02"
          + "8000000000000000"
          + "0000000000000005"
          + "0000000000000000"
          + "0000"
          + "0000000000000007"
          + "01"
          + "02"
          + "00000000000007d0"
          + "0000000000000005"
          + "00000000000003e8"
          + "0008"
          + "3230323630313031";

  private static final String THREE_OF_VERSION_1 =
      "0103"
          + "ffffffffffffffff"
          + "02"
          + "0000010000000000"
          + "0000000000000007"
          + "00"
          + "000000000000002a"
          + "0000000000000007"
          + "ac02"
          + "fffffffffffffffe";

  private static final String FOUR_OF_VERSION_2 =
      "0204"
          + "ffffffffffffffff"
          + "02"
          + "00"
          + "0000010000000000"
          + "0000000000000007"
          + "00"
          + "00"
          + "000000000000002a"
          + "0000000000000007"
          + "01"
          + "01"
          + "00000000000007d0"
          + "0000000000000005"
          + "00000000000003e8"
          + "0000000000000007"
          + "ac02"
          + "00"
          + "fffffffffffffffe";

  @Test
  void comesBackAsItWas() throws Exception {
    for (ReadCheckpoint checkpoint :
        new ReadCheckpoint[] {
          THREE, FOUR, IN_LAKE, new ReadCheckpoint(Map.of()), ReadCheckpoint.NOT_STARTED
        }) {
      CoderProperties.coderDecodeEncodeEqual(CODER, checkpoint);
      CoderProperties.coderDeterministic(CODER, checkpoint, checkpoint);
    }
    CoderProperties.coderSerializable(CODER);
  }

  @Test
  void bytesOfVersion1AreStillRead() throws Exception {
    byte[] stored = HexFormat.of().parseHex(THREE_OF_VERSION_1);
    assertThat(CoderUtils.decodeFromByteArray(CODER, stored), equalTo(THREE));
  }

  @Test
  void bytesOfVersion2AreReadAndWritten() throws Exception {
    byte[] stored = HexFormat.of().parseHex(FOUR_OF_VERSION_2);
    assertThat(CoderUtils.decodeFromByteArray(CODER, stored), equalTo(FOUR));
    assertThat(
        HexFormat.of().formatHex(CoderUtils.encodeToByteArray(CODER, FOUR)),
        equalTo(FOUR_OF_VERSION_2));
  }

  @Test
  void bytesOfVersion3AreReadAndWritten() throws Exception {
    byte[] stored = HexFormat.of().parseHex(IN_LAKE_OF_VERSION_3);
    assertThat(CoderUtils.decodeFromByteArray(CODER, stored), equalTo(IN_LAKE));
    assertThat(
        HexFormat.of().formatHex(CoderUtils.encodeToByteArray(CODER, IN_LAKE)),
        equalTo(IN_LAKE_OF_VERSION_3));
  }

  @Test
  void bytesOfAReaderThatHadNotStartedAreReadAndWritten() throws Exception {
    assertThat(
        CoderUtils.decodeFromByteArray(CODER, new byte[] {0}), equalTo(ReadCheckpoint.NOT_STARTED));
    assertThat(
        CoderUtils.encodeToByteArray(CODER, ReadCheckpoint.NOT_STARTED), equalTo(new byte[] {0}));
  }

  @Test
  void aLayoutOfALaterBuildIsRefusedWithWhatToDo() {
    CoderException e =
        assertThrows(
            CoderException.class, () -> CoderUtils.decodeFromByteArray(CODER, new byte[] {4, 0}));
    assertThat(
        e.getMessage(),
        allOf(
            containsString("layout 4"),
            containsString("knows up to 3"),
            containsString("Restore it with the build that wrote it, or a later one")));
  }
}
