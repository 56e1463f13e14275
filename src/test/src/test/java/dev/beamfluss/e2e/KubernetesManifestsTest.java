package dev.beamfluss.e2e;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.anyOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.in;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.beamfluss.pipelines.tables.Program;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.MetricOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.FlinkVersion;
import org.apache.flink.kubernetes.operator.api.spec.JobSpec;
import org.apache.flink.kubernetes.operator.api.spec.KubernetesDeploymentMode;
import org.apache.fluss.config.ConfigOptions;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests in {@code deploy/kubernetes} are what the operator understands, and all that they
 * name is there: programs, flags, Flink's and the Fluss client's options, files and keys.
 */
class KubernetesManifestsTest {
  private static final Path DIRECTORY =
      Path.of(System.getProperty("beamfluss.home"), "deploy", "kubernetes");

  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .annotationIntrospector(
              new JacksonAnnotationIntrospector() {
                // the operator's own classes pass over what they do not know
                @Override
                public JsonIgnoreProperties.Value findPropertyIgnoralByName(
                    MapperConfig<?> config, Annotated annotated) {
                  return super.findPropertyIgnoralByName(config, annotated).withoutIgnoreUnknown();
                }
              })
          .build();

  private static ConfigMap flags;
  private static Secret secret;

  @TempDir static Path mounted;

  @BeforeAll
  static void read() throws Exception {
    flags = read("config.yaml", ConfigMap.class);
    secret = read("secret.example.yaml", Secret.class);
  }

  private static <T> T read(String file, Class<T> type) throws Exception {
    return parse(YAML.readTree(Files.readString(DIRECTORY.resolve(file))), type);
  }

  private static <T> T parse(JsonNode manifest, Class<T> type) throws Exception {
    T parsed = YAML.treeToValue(manifest, type);
    Set<String> unknown = new TreeSet<>();
    collectUnknown(parsed, "", unknown);
    assertThat("keys that nobody knows", unknown, is(empty()));
    return parsed;
  }

  /** Kubernetes' own classes take any key, and keep those they do not know. */
  private static void collectUnknown(@Nullable Object value, String at, Set<String> unknown)
      throws ReflectiveOperationException {
    if (value instanceof Collection<?> elements) {
      for (Object element : elements) {
        collectUnknown(element, at, unknown);
      }
      return;
    }
    boolean isModel =
        value != null
            && value.getClass().getName().matches("(io\\.fabric8|org\\.apache\\.flink)\\..*")
            && !(value instanceof Enum);
    if (!isModel) {
      return;
    }
    for (Class<?> type = value.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (java.lang.reflect.Modifier.isStatic(field.getModifiers())) {
          continue;
        }
        if (!field.trySetAccessible()) {
          continue;
        }
        Object within = field.get(value);
        if (field.getName().equals("additionalProperties") && within instanceof Map<?, ?> more) {
          more.keySet().forEach(key -> unknown.add(at + "." + key));
        } else {
          collectUnknown(within, at + "." + field.getName(), unknown);
        }
      }
    }
  }

  @Test
  void eachFileIsTested() throws IOException {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      assertThat(
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()),
          is(
              Set.of(
                  "Dockerfile",
                  "config.yaml",
                  "secret.example.yaml",
                  "attribution.yaml",
                  "widetable.yaml",
                  "uv.yaml",
                  "canary.yaml",
                  "forecast.yaml")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"attribution", "widetable", "uv", "canary", "forecast"})
  void theOperatorUnderstandsAllAndAllThatIsNamedIsThere(String pipeline) throws Exception {
    FlinkDeployment deployment = read(pipeline + ".yaml", FlinkDeployment.class);
    assertThat(deployment.getMetadata().getName(), is(pipeline));
    assertThat(deployment.getSpec().getFlinkVersion(), is(FlinkVersion.v1_19));
    assertThat(
        deployment.getSpec().getMode(),
        is(anyOf(is((Object) null), is(KubernetesDeploymentMode.NATIVE))));
    assertThat(
        deployment.getSpec().getFlinkConfiguration().keySet(), everyItem(is(in(flinkOptions()))));
    requireMounts(deployment.getSpec().getPodTemplate().getSpec());

    JobSpec job = deployment.getSpec().getJob();
    assertThat(
        Files.readString(DIRECTORY.resolve("Dockerfile")),
        containsString(job.getJarURI().replaceFirst("local://", "")));
    List<String> all = flags(job, pipeline);
    PipelineOptions parsed =
        PipelineOptionsFactory.fromArgs(all.toArray(String[]::new))
            .withValidation()
            .as(options(job.getEntryClass()));
    assertThat(parsed.getJobName(), is(pipeline));
  }

  /** Those of the program, by its name. */
  private static Class<? extends PipelineOptions> options(String program)
      throws ClassNotFoundException {
    String name = program.replaceFirst("\\.Order(?=\\w+$)", ".") + "Options";
    return Class.forName(name).asSubclass(PipelineOptions.class);
  }

  /** As the program reads them where the files are mounted. */
  private static List<String> flags(JobSpec job, String pipeline) throws IOException {
    List<String> args = new ArrayList<>();
    for (String arg : job.getArgs()) {
      String file = arg.replaceFirst("^@/etc/beam-fluss/flags/", "");
      assertThat("a file of flags", flags.getData().keySet(), hasItem(file));
      args.add("@" + Files.writeString(mounted.resolve(file), flags.getData().get(file)));
    }
    List<String> all = List.of(Program.flags(args.toArray(String[]::new)));
    assertThat(List.of(job.getArgs()), hasItem(endsWith("/" + pipeline + ".args")));
    assertThat(
        "the secret is read from where it is mounted",
        all,
        hasItem("--clusterConfig=/etc/beam-fluss/secret/fluss.properties"));
    return all;
  }

  private static void requireMounts(PodSpec pod) {
    assertThat(pod.getContainers(), hasSize(1));
    Container container = pod.getContainers().get(0);
    assertThat(container.getName(), is("flink-main-container"));
    Map<String, String> mounts =
        container.getVolumeMounts().stream()
            .collect(Collectors.toMap(mount -> mount.getMountPath(), mount -> mount.getName()));
    assertThat(
        mounts, is(Map.of("/etc/beam-fluss/flags", "flags", "/etc/beam-fluss/secret", "secret")));
    pod.getVolumes()
        .forEach(
            volume -> {
              if (volume.getName().equals("flags")) {
                assertThat(volume.getConfigMap().getName(), is(flags.getMetadata().getName()));
              } else {
                assertThat(volume.getSecret().getSecretName(), is(secret.getMetadata().getName()));
              }
            });
    container
        .getEnv()
        .forEach(
            variable -> {
              assertThat("secrets by reference", variable.getValue() == null);
              assertThat(
                  secret.getStringData().keySet(),
                  hasItem(variable.getValueFrom().getSecretKeyRef().getKey()));
              assertThat(
                  flags.getData().values().stream().anyMatch(f -> f.contains(variable.getName())),
                  is(true));
            });
  }

  /** Of the classes that the manifests name options of. */
  private static Set<String> flinkOptions() throws IllegalAccessException {
    return keys(
        CheckpointingOptions.class,
        CoreOptions.class,
        HeartbeatManagerOptions.class,
        HighAvailabilityOptions.class,
        MetricOptions.class,
        TaskManagerOptions.class);
  }

  private static Set<String> keys(Class<?>... classes) throws IllegalAccessException {
    Set<String> keys = new HashSet<>();
    for (Field field : Arrays.stream(classes).flatMap(c -> Stream.of(c.getFields())).toList()) {
      if (field.getType() == ConfigOption.class) {
        keys.add(((ConfigOption<?>) field.get(null)).key());
      } else if (field.getType() == org.apache.fluss.config.ConfigOption.class) {
        keys.add(((org.apache.fluss.config.ConfigOption<?>) field.get(null)).key());
      }
    }
    return keys;
  }

  @Test
  void theFlussClientHasTheOptionsOfTheSecret() throws Exception {
    Properties properties = new Properties();
    properties.load(new StringReader(secret.getStringData().get("fluss.properties")));
    assertThat(properties.stringPropertyNames(), is(not(empty())));
    assertThat(properties.stringPropertyNames(), everyItem(is(in(keys(ConfigOptions.class)))));
  }

  @Test
  void everyFileOfFlagsIsUsedAndNoneHasASecret() {
    assertThat(
        flags.getData().keySet(),
        is(
            Set.of(
                "flink.args",
                "cluster.args",
                "attribution.args",
                "widetable.args",
                "uv.args",
                "canary.args",
                "forecast.args")));
    flags.getData().values().forEach(f -> assertThat(f, not(containsString("client.security"))));
  }

  @Test
  void aKeyThatIsNotKnownIsFound() throws Exception {
    JsonNode manifest = YAML.readTree(Files.readString(DIRECTORY.resolve("uv.yaml")));
    ObjectNode job = (ObjectNode) manifest.at("/spec/job");
    job.put("paralelism", 3);
    assertThrows(UnrecognizedPropertyException.class, () -> parse(manifest, FlinkDeployment.class));
    job.remove("paralelism");
    ObjectNode pod = (ObjectNode) manifest.at("/spec/podTemplate/spec/containers/0");
    pod.put("imagePullPolcy", "Always");
    AssertionError e =
        assertThrows(AssertionError.class, () -> parse(manifest, FlinkDeployment.class));
    assertThat(e.getMessage(), containsString("imagePullPolcy"));
  }
}
