package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.lake.lakestorage.LakeStorage;
import org.apache.fluss.lake.lakestorage.LakeStoragePluginSetUp;
import org.apache.fluss.lake.serializer.SimpleVersionedSerializer;
import org.apache.fluss.lake.source.LakeSource;
import org.apache.fluss.lake.source.LakeSplit;
import org.apache.fluss.lake.source.RecordReader;
import org.apache.fluss.metadata.ResolvedPartitionSpec;
import org.apache.fluss.metadata.TableInfo;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The lake's half of a table, read by Fluss's plug-in for the lake's format. */
final class Lake {
  private static final String NO_PARTITION = "";

  /**
   * A piece of what a snapshot holds of a bucket.
   *
   * @param version of the bytes
   * @param split as the plug-in writes it
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Part(String partition, int bucket, int version, byte[] split) implements Serializable {
    /** A guess: the plug-in does not tell. */
    static final long ROWS = 100_000;
  }

  /** What a snapshot holds, by partition (the name, or "" where there are none) and bucket. */
  static final class Plan {
    private final SortedMap<String, Map<Integer, List<Part>>> parts;

    private Plan(SortedMap<String, Map<Integer, List<Part>>> parts) {
      this.parts = parts;
    }

    List<String> partitions() {
      return List.copyOf(parts.keySet());
    }

    Map<Integer, List<Part>> of(String partition) {
      return parts.getOrDefault(partition, Map.of());
    }

    List<Part> of(String partition, int bucket) {
      return of(partition).getOrDefault(bucket, List.of());
    }

    /** Stands for a partition that only the lake has. */
    long idOf(String partition) {
      return BucketId.NO_PARTITION - 1 - parts.headMap(partition).size();
    }
  }

  private final FlussTable table;
  private final String format;
  private final LakeStorage storage;
  private final List<String> columns;

  /**
   * @param now the table as the cluster describes it now, with where its lake is
   * @throws IllegalArgumentException if its lake cannot be read from here
   */
  Lake(FlussTable table, TableInfo now) {
    this.table = table;
    this.columns = now.getRowType().getFieldNames();
    this.format = now.getTableConfig().getDataLakeFormat().map(Object::toString).orElse(null);
    Map<String, String> options = new HashMap<>();
    String prefix = "table.datalake." + format + ".";
    now.getProperties()
        .toMap()
        .forEach(
            (key, value) -> {
              if (key.startsWith(prefix)) {
                options.put(key.substring(prefix.length()), value);
              }
            });
    if (format == null || options.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s is a lake table, but the Fluss cluster at %s has no lake configured. Set"
                  + " datalake.format and datalake.paimon.* of its servers, or leave out"
                  + " withLake().",
              table.path(), table.cluster()));
    }
    try {
      this.storage =
          LakeStoragePluginSetUp.fromDataLakeFormat(format, null)
              .createLakeStorage(Configuration.fromMap(options));
      source().getSplitSerializer();
    } catch (UnsupportedOperationException | ServiceConfigurationError | LinkageError e) {
      throw missing(e);
    }
  }

  private IllegalArgumentException missing(Throwable e) {
    return new IllegalArgumentException(
        String.format(
            "The lake of table %s is in the format %s, which nothing on the class path reads (%s)."
                + " Add fluss-lake-%s%s.",
            table.path(),
            format,
            e.getMessage(),
            format,
            format.equals("paimon")
                ? ", paimon-bundle, hadoop-client-api and hadoop-client-runtime"
                : " and what it needs"),
        e);
  }

  /** Checks that a table has a lake that can be read from here, and settles where to start. */
  static LakeStart start(FlussTable table) {
    table.requireLake();
    try (Connections.Lease lease = Connections.lease(table.cluster(), "metadata")) {
      Admin admin = lease.connection().getAdmin();
      check(table, describe(table, admin));
      return LakeStart.latest(table, admin);
    }
  }

  @SuppressWarnings("CheckReturnValue") // made only to see whether it can be
  private static void check(FlussTable table, TableInfo now) {
    new Lake(table, now);
  }

  static TableInfo describe(FlussTable table, Admin admin) {
    return Waiting.ask(
        () -> admin.getTableInfo(table.tablePath()),
        table.cluster(),
        "describe table " + table.path());
  }

  /** What the snapshot that a read starts from holds of the partitions it is to read. */
  static Plan plan(ReadSpec spec, TableInfo now) {
    return spec.lake().isNothing()
        ? new Plan(new TreeMap<>())
        : new Lake(spec.table(), now).plan(spec.lake().snapshot(), spec.partitionFilter());
  }

  /** The same parts in the same order each time: a checkpoint counts on it. */
  private Plan plan(long snapshot, @Nullable PartitionFilter filter) {
    LakeSource<LakeSplit> source = source();
    SimpleVersionedSerializer<LakeSplit> serializer = source.getSplitSerializer();
    List<Part> parts = new ArrayList<>();
    try {
      for (LakeSplit split : source.createPlanner(() -> snapshot).plan()) {
        List<String> values = split.partition();
        if (filter == null || filter.accepts(named(values))) {
          parts.add(
              new Part(
                  String.join(ResolvedPartitionSpec.PARTITION_SPEC_SEPARATOR, values),
                  split.bucket(),
                  serializer.getVersion(),
                  serializer.serialize(split)));
        }
      }
    } catch (LinkageError e) {
      throw missing(e);
    } catch (IOException | RuntimeException e) {
      throw unreadable(snapshot, e);
    }
    parts.sort(Comparator.comparing(Part::split, Arrays::compare));
    SortedMap<String, Map<Integer, List<Part>>> byBucket = new TreeMap<>();
    int next = 0;
    for (Part part : parts) {
      // rows of a table without bucket key are in no bucket there: any reader may read them
      int bucket = part.bucket() < 0 ? -1 - next++ % table.buckets() : part.bucket();
      byBucket
          .computeIfAbsent(part.partition(), name -> new TreeMap<>())
          .computeIfAbsent(bucket, b -> new ArrayList<>())
          .add(part);
    }
    return new Plan(byBucket);
  }

  private Map<String, String> named(List<String> values) {
    Map<String, String> named = new HashMap<>();
    for (int i = 0; i < values.size(); i++) {
      named.put(table.partitionColumns().get(i), values.get(i));
    }
    return named;
  }

  /** A reader of a part, which gives the named columns. */
  RecordReader open(Part part, long snapshot, List<String> scanned) {
    LakeSource<LakeSplit> source = source();
    source.withProject(
        scanned.stream().map(column -> new int[] {columns.indexOf(column)}).toArray(int[][]::new));
    try {
      LakeSplit split = source.getSplitSerializer().deserialize(part.version(), part.split());
      return source.createRecordReader(() -> split);
    } catch (LinkageError e) {
      throw missing(e);
    } catch (IOException | RuntimeException e) {
      throw unreadable(snapshot, e);
    }
  }

  @SuppressWarnings("unchecked") // the plug-in reads its own splits
  private LakeSource<LakeSplit> source() {
    return (LakeSource<LakeSplit>) storage.createLakeSource(table.tablePath());
  }

  IllegalStateException unreadable(long snapshot, Throwable e) {
    return new IllegalStateException(
        String.format(
            "Snapshot %d of table %s in its lake cannot be read: %s. Check that this machine"
                + " reaches the lake. If the snapshot has expired there since the pipeline was"
                + " built, build it anew, without its old checkpoint.",
            snapshot, table.path(), Waiting.rootMessage(e)),
        e);
  }

  static String nameOf(Partition partition) {
    return partition.name() == null ? NO_PARTITION : partition.name();
  }
}
