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
              new BucketId(7, 0), 42L,
              new BucketId(7, 300), -2L,
              new BucketId(BucketId.NO_PARTITION, 2), 1L << 40));

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

  @Test
  void comesBackAsItWas() throws Exception {
    for (ReadCheckpoint checkpoint :
        new ReadCheckpoint[] {THREE, new ReadCheckpoint(Map.of()), ReadCheckpoint.NOT_STARTED}) {
      CoderProperties.coderDecodeEncodeEqual(CODER, checkpoint);
      CoderProperties.coderDeterministic(CODER, checkpoint, checkpoint);
    }
    CoderProperties.coderSerializable(CODER);
  }

  @Test
  void bytesOfVersion1AreReadAndWritten() throws Exception {
    byte[] stored = HexFormat.of().parseHex(THREE_OF_VERSION_1);
    assertThat(CoderUtils.decodeFromByteArray(CODER, stored), equalTo(THREE));
    assertThat(
        HexFormat.of().formatHex(CoderUtils.encodeToByteArray(CODER, THREE)),
        equalTo(THREE_OF_VERSION_1));
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
            CoderException.class, () -> CoderUtils.decodeFromByteArray(CODER, new byte[] {2, 0}));
    assertThat(
        e.getMessage(),
        allOf(
            containsString("layout 2"),
            containsString("knows up to 1"),
            containsString("Restore it with the build that wrote it, or a later one")));
  }
}
