package dev.beamfluss.pipelines.canary;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.uv.UvTables;
import dev.beamfluss.transforms.BitmapType;
import dev.beamfluss.transforms.BitmapUv;
import dev.beamfluss.transforms.ByMinute;
import dev.beamfluss.transforms.CanaryFilter;
import dev.beamfluss.transforms.CubeCounts;
import dev.beamfluss.transforms.IdMapping;
import dev.beamfluss.transforms.IdShards;
import dev.beamfluss.transforms.ReleaseWatch;
import dev.beamfluss.transforms.RollUp;
import java.io.PrintStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.Filter;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Watches canary releases: scenario 4 of the reference. Reads a third of the columns of the
 * clients' log, with {@code args} or without ({@code --releaseColumn}), and gives of it
 *
 * <ul>
 *   <li>the rows of the canary release, by {@link CanaryFilter}, into a log of their own
 *   <li>counts of both releases by the minute and by combinations of client, version, page and
 *       event, by {@link CubeCounts}, and of some of them the different users, by {@link BitmapUv}
 *   <li>alerts where the canary release differs from the others, by {@link ReleaseWatch}, into a
 *       table and to webhooks or the log
 * </ul>
 *
 * <p>Nothing is archived by this: the log is a lake table, which Fluss tiers.
 *
 * <p>What is counted is the log's rows: one that is in it twice counts twice, as with the
 * reference's {@code COUNT(*)}. The log of canary rows has each at least once, as a bundle that is
 * replayed is appended again. Counts, users and alerts are written by their keys, and end the same
 * however often a bundle is replayed.
 */
public final class Canary {
  private static final String BASE = "base";
  private static final String ALL = "ALL";
  private static final String UNKNOWN = "unknown";
  private static final String USER = "user_id";
  private static final String EVENT = "event";
  private static final IdShards ONE_SHARD = IdShards.of(1, BitmapType.RBM32);
  private static final Duration GATHER = Duration.ofMillis(100);
  private static final Duration REFRESH = Duration.ofMillis(200);

  private final CanaryOptions options;
  private final FlussCluster cluster;
  private final List<List<String>> counted;
  private final List<List<String>> withUsers;
  private final ZoneId zone;
  private final Duration updateInterval;
  private final Duration lateness;
  private final Duration discovery;
  private final List<Notifier> notifiers;

  /** Refuses wrong flags, before any cluster is asked. */
  private Canary(CanaryOptions options) {
    this.options = options;
    this.cluster = ClusterOptions.cluster(options);
    this.counted = sets("countSets", options.getCountSets());
    if (counted.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "--countSets=%s names nothing to count by. Leave it out to count by all combinations.",
              options.getCountSets()));
    }
    this.withUsers = sets("uvSets", options.getUvSets());
    requireCounted();
    this.zone = zone(options.getZone());
    this.updateInterval = millis("updateMillis", options.getUpdateMillis());
    this.discovery = millis("partitionDiscoveryMillis", options.getPartitionDiscoveryMillis());
    this.lateness = lateness(options.getAllowedLatenessMinutes());
    this.notifiers = notifiers(options.getWebhook(), options.getWebhookAuthorizationVariable());
    requireReleases();
    requireComparison();
  }

  /** So that no row of the counts has users alone. */
  private void requireCounted() {
    List<Set<String>> sets = counted.stream().map(Set::copyOf).toList();
    for (List<String> set : withUsers) {
      if (!sets.contains(Set.copyOf(set))) {
        throw new IllegalArgumentException(
            String.format(
                "--uvSets=%s has %s, which --countSets=%s does not count. Add it there, or leave it"
                    + " out here.",
                options.getUvSets(),
                set.isEmpty() ? "all" : String.join("+", set),
                options.getCountSets()));
      }
    }
  }

  private void requireReleases() {
    String canary = options.getCanaryRelease();
    if (canary.isEmpty() || canary.equals(BASE)) {
      throw new IllegalArgumentException(
          String.format(
              "--canaryRelease=%s must be a value, and not '%s', which all others are called.",
              canary, BASE));
    }
    String column = options.getReleaseColumn();
    if (column != null) {
      if (!PageLogColumns.core().contains(column)) {
        throw new IllegalArgumentException(
            String.format(
                "--releaseColumn=%s is none of the columns that are read: %s.",
                column, PageLogColumns.core()));
      }
      return;
    }
    String key = options.getReleaseKey();
    if (key.isEmpty() || key.contains(",") || key.contains("=")) {
      throw new IllegalArgumentException(
          String.format("--releaseKey=%s must be a key in args, without ',' and '='.", key));
    }
    if (canary.contains(",")) {
      throw new IllegalArgumentException(
          String.format("--canaryRelease=%s must be a value in args, without ','.", canary));
    }
  }

  private void requireComparison() {
    if (options.getTrafficEvent().isEmpty()) {
      throw new IllegalArgumentException(
          "--trafficEvent= must be the event that others are counted per, such as page_view.");
    }
    if (!(options.getTolerance() >= 0)) {
      throw new IllegalArgumentException(
          String.format("--tolerance=%s must be 0 or more.", options.getTolerance()));
    }
  }

  /**
   * Builds the pipeline and runs it until it is cancelled, or only submits it with {@code
   * --attachedMode=false}. A wrong flag or table ends the program with status 2, a failure with
   * status 1.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream err) {
    return Program.stream(
        err,
        () -> PipelineOptionsFactory.fromArgs(args).withValidation().as(CanaryOptions.class),
        Canary::apply);
  }

  /** Adds all of it to a pipeline. */
  public static void apply(Pipeline pipeline, CanaryOptions options) {
    Canary canary = new Canary(options);
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(canary.cluster, canary.table(DeadLetters.TABLE)))) {
      PCollection<Row> log = canary.read(pipeline, errors);
      canary.writeDetail(log, errors);
      PCollection<Row> labeled =
          log.apply("Tell releases apart", canary.filter().labeling(CanaryTables.RELEASE, BASE));
      canary.count(labeled, errors);
      if (!canary.withUsers.isEmpty()) {
        canary.countUsers(labeled, errors);
      }
      if (options.getAlerting()) {
        canary.alert(labeled, errors);
      }
    }
  }

  /** The columns that monitoring needs, and those of them that it looks into. */
  private PCollection<Row> read(Pipeline pipeline, ErrorHandler<BadRecord, ?> errors) {
    List<String> columns = new ArrayList<>(PageLogColumns.core());
    if (options.getReleaseColumn() == null) {
      columns.add(PageLogColumns.ARGS);
    }
    return pipeline.apply(
        "Read log",
        FlussIO.readRows()
            .from(cluster, table(CanaryTables.PAGE_VIEWS))
            .withColumns(columns.toArray(String[]::new))
            .withTimestampColumn(PageLogColumns.EVENT_TIME)
            .withPartitionDiscoveryInterval(discovery)
            .withErrorHandler(errors));
  }

  private CanaryFilter filter() {
    String column = options.getReleaseColumn();
    return column == null
        ? CanaryFilter.of(PageLogColumns.ARGS)
            .where(options.getReleaseKey(), options.getCanaryRelease())
        : CanaryFilter.ofColumn(column, options.getCanaryRelease());
  }

  private void writeDetail(PCollection<Row> log, ErrorHandler<BadRecord, ?> errors) {
    log.apply("Keep the canary release", filter())
        .apply(
            "Write canary rows",
            FlussIO.write()
                .to(cluster, table(CanaryTables.DETAIL))
                .withIdempotentWriter(options.getIdempotence())
                .withErrorHandler(errors));
  }

  private void count(PCollection<Row> labeled, ErrorHandler<BadRecord, ?> errors) {
    labeled.apply(
        "Count",
        CubeCounts.of(CanaryTables.DIMENSIONS.toArray(String[]::new))
            .by(CanaryTables.RELEASE)
            .withGroupingSets(counted)
            .withRolledUpAs(ALL)
            .withNullsAs(UNKNOWN)
            .withTimeColumns(PageLogColumns.DS, CanaryTables.MINUTE, zone)
            .counting(CanaryTables.VIEWS)
            .withVersionColumn(CanaryTables.VERSION)
            .withLatestTimeColumn(CanaryTables.LATEST)
            .withUpdateInterval(updateInterval)
            .withAllowedLateness(lateness)
            .withErrorHandler(errors)
            .to(cluster, table(CanaryTables.COUNTS)));
  }

  private static ZoneId zone(String name) {
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "--zone=" + name + " is no time zone. Give one such as Asia/Shanghai.", e);
    }
  }

  private static Duration lateness(int minutes) {
    if (minutes < 0) {
      throw new IllegalArgumentException(
          "--allowedLatenessMinutes=" + minutes + " must be 0 or more.");
    }
    return Duration.ofMinutes(minutes);
  }

  private void countUsers(PCollection<Row> labeled, ErrorHandler<BadRecord, ?> errors) {
    String mapping = table(UvTables.USER_MAPPING);
    String id = cluster.describe(mapping).autoIncrementColumns().stream().findFirst().orElseThrow();
    List<String> by = CanaryTables.countedBy();
    List<String> key = new ArrayList<>(List.of(PageLogColumns.DS, CanaryTables.MINUTE));
    key.addAll(by);
    labeled
        .apply("With a user", Filter.by(new HasUserToCount()))
        .apply(
            "Users by the minute",
            ByMinute.of(by.toArray(String[]::new))
                .withNullsAs(UNKNOWN)
                .withTimeColumns(PageLogColumns.DS, CanaryTables.MINUTE, zone)
                .passing(USER))
        .apply("Number users", IdMapping.in(cluster, mapping).withErrorHandler(errors))
        .apply("Roll up users", RollUp.of(ALL, CanaryTables.DIMENSIONS, withUsers))
        .apply(
            "Collect users",
            BitmapUv.collect()
                .ofIds(id)
                .by(key.toArray(String[]::new))
                .withShards(ONE_SHARD, CanaryTables.SHARD)
                .into(CanaryTables.BITMAP)
                .withGatherInterval(GATHER))
        .apply("Write users", FlussIO.write().to(cluster, table(CanaryTables.USERS)));
    labeled
        .getPipeline()
        .apply(
            "Count users",
            BitmapUv.count()
                .in(cluster, table(CanaryTables.USERS))
                .withShards(ONE_SHARD, CanaryTables.SHARD)
                .counting(CanaryTables.BITMAP, CanaryTables.VISITORS)
                .withRefreshInterval(REFRESH)
                .withPartitionDiscoveryInterval(discovery)
                .to(cluster, table(CanaryTables.COUNTS)));
  }

  private void alert(PCollection<Row> labeled, ErrorHandler<BadRecord, ?> errors) {
    PCollection<Row> alerts =
        labeled.apply(
            "Compare releases",
            ReleaseWatch.comparing(CanaryTables.RELEASE, options.getCanaryRelease(), BASE)
                .by(CanaryTables.COMPARED.toArray(String[]::new))
                .ofKinds(EVENT)
                .withTraffic(options.getTrafficEvent())
                .withTolerance(options.getTolerance())
                .withErrorHandler(errors));
    alerts.apply(
        "Write alerts",
        FlussIO.write().to(cluster, table(CanaryTables.ALERTS)).withErrorHandler(errors));
    for (Notifier notifier : notifiers) {
      alerts.apply("Notify " + notifier, Notify.through(notifier).withErrorHandler(errors));
    }
  }

  private static List<Notifier> notifiers(
      @Nullable List<String> webhooks, @Nullable String variable) {
    if (webhooks == null || webhooks.isEmpty()) {
      if (variable != null) {
        throw new IllegalArgumentException(
            String.format(
                "--webhookAuthorizationVariable=%s is of no webhook: name one with --webhook.",
                variable));
      }
      return List.of(LogNotifier.create());
    }
    List<Notifier> notifiers = new ArrayList<>();
    for (String url : webhooks) {
      WebhookNotifier webhook = WebhookNotifier.to(url);
      notifiers.add(variable == null ? webhook : webhook.withAuthorizationFrom(variable));
    }
    return notifiers;
  }

  /** Combinations as of {@code client+page,event,all}. */
  static List<List<String>> sets(String flag, String named) {
    if (named.equals("cube")) {
      return RollUp.combinations(CanaryTables.DIMENSIONS);
    }
    List<List<String>> sets = new ArrayList<>();
    if (named.isEmpty() || named.equals("none")) {
      return sets;
    }
    for (String set : named.split(",", -1)) {
      List<String> columns = set.equals("all") ? List.of() : Arrays.asList(set.split("\\+", -1));
      if (!CanaryTables.DIMENSIONS.containsAll(columns)
          || new HashSet<>(columns).size() < columns.size()) {
        throw new IllegalArgumentException(
            String.format(
                "--%s=%s has '%s', which is no combination of %s, such as client+page, or all.",
                flag, named, set, CanaryTables.DIMENSIONS));
      }
      sets.add(columns);
    }
    return sets;
  }

  private String table(String name) {
    return options.getDatabasePrefix() + CanaryTables.DATABASE + "." + name;
  }

  private static Duration millis(String flag, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(String.format("--%s=%d must be at least 1.", flag, value));
    }
    return Duration.ofMillis(value);
  }

  /** Rows that have what stands for all values are refused where rows are counted. */
  private static final class HasUserToCount implements SerializableFunction<Row, Boolean> {
    @Override
    public Boolean apply(Row row) {
      return row.getInt64(USER) != null
          && CanaryTables.DIMENSIONS.stream()
              .noneMatch(column -> ALL.equals(row.getString(column)));
    }
  }
}
