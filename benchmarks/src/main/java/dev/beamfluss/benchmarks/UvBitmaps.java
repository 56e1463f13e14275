package dev.beamfluss.benchmarks;

import dev.beamfluss.transforms.BitmapType;
import java.util.Map;
import org.openjdk.jmh.runner.RunnerException;

/** What bitmaps of 32 and of 64 bits take. */
final class UvBitmaps {
  private final int users;
  private final Jmh jmh;

  UvBitmaps(int users, Jmh jmh) {
    this.users = users;
    this.jmh = jmh;
  }

  /** Nanoseconds to add one user. */
  double measure(BitmapType type) throws RunnerException {
    Map<String, String> params = Map.of("users", Integer.toString(users), "type", type.name());
    return Jmh.time(jmh.run(BitmapAdds.class, "add", params)) / users;
  }

  /** What a bitmap of the type takes of a table, and of the network. */
  Map<String, Object> figures(BitmapType type) {
    return Map.of("bytes_per_user", BitmapAdds.bytes(type, users) / (double) users);
  }

  /** Bytes of 32 bits divided by those of 64. */
  double ratioOfBytes() {
    return BitmapAdds.bytes(BitmapType.RBM32, users)
        / (double) BitmapAdds.bytes(BitmapType.RBM64, users);
  }
}
