package dev.beamfluss.io.paimon;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.paimon.fs.FileIO;
import org.apache.paimon.fs.FileIOLoader;
import org.apache.paimon.fs.Path;
import org.apache.paimon.fs.PositionOutputStream;
import org.apache.paimon.fs.local.LocalFileIO;

/**
 * Local files that fail when a test wants it. The first part of a path's address, {@code
 * fragile://name/}, tells the test.
 */
final class FragileFiles extends LocalFileIO {
  static final String SCHEME = "fragile";

  private static final Map<String, FragileFiles.Failure> FAILURES = new ConcurrentHashMap<>();

  private static final class Failure {
    final String prefix;
    final AtomicInteger left;

    Failure(String prefix, int after) {
      this.prefix = prefix;
      this.left = new AtomicInteger(after);
    }
  }

  /** Lets so many files with names that begin so come to be, and then none until {@link #mend}. */
  static void failAfter(int files, String prefix, String name) {
    FAILURES.put(name, new Failure(prefix, files));
  }

  static void mend(String name) {
    FAILURES.remove(name);
  }

  private static void check(Path path) throws IOException {
    Failure failure = FAILURES.get(path.toUri().getAuthority());
    if (failure != null
        && path.getName().startsWith(failure.prefix)
        && failure.left.getAndDecrement() <= 0) {
      throw new IOException("fails to write " + path + ", as the test wants it");
    }
  }

  @Override
  public PositionOutputStream newOutputStream(Path path, boolean overwrite) throws IOException {
    check(path);
    return super.newOutputStream(path, overwrite);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    check(to);
    return super.rename(from, to);
  }

  /** Found by Paimon. */
  public static final class Loader implements FileIOLoader {
    @Override
    public String getScheme() {
      return SCHEME;
    }

    @Override
    public FileIO load(Path path) {
      return new FragileFiles();
    }
  }
}
