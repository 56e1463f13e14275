package dev.beamfluss;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The few rules of direction between the modules; each is also seen to fail on wrong code. */
class ArchitectureTest {
  private static final String CHANGES = "dev.beamfluss.changes..";
  private static final String IO = "dev.beamfluss.io..";
  private static final String TRANSFORMS = "dev.beamfluss.transforms..";
  private static final String PIPELINES = "dev.beamfluss.pipelines..";
  private static final String PAGE = "dev.beamfluss.page..";
  private static final String LOCAL = "dev.beamfluss.local..";

  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.beamfluss");

  /** Wrong on purpose: each rule must object to what is in these packages. */
  private static final JavaClasses WRONG =
      new ClassFileImporter()
          .withImportOption(location -> location.contains("/wrong/"))
          .importPackages("dev.beamfluss");

  private record Rule(String name, ArchRule rule, String wrongClass) {}

  private static List<Rule> rules() {
    return List.of(
        new Rule(
            "an io knows nothing of ours but itself and what a change is",
            noClasses().that().resideInAPackage(IO).should().dependOnClassesThat(ours(CHANGES, IO)),
            "io.wrong.KnowsTransforms"),
        new Rule(
            "transforms know the ios, and nothing else of ours",
            noClasses()
                .that()
                .resideInAPackage(TRANSFORMS)
                .should()
                .dependOnClassesThat(ours(CHANGES, IO, TRANSFORMS)),
            "transforms.wrong.KnowsPipelines"),
        new Rule(
            "the local cluster knows nothing of ours",
            noClasses().that().resideInAPackage(LOCAL).should().dependOnClassesThat(ours(LOCAL)),
            "local.wrong.KnowsPipelines"),
        new Rule(
            "the pipelines do not see the local cluster",
            noClasses()
                .that()
                .resideInAPackage(PIPELINES)
                .should()
                .dependOnClassesThat(resideInAPackage(LOCAL)),
            "pipelines.wrong.KnowsLocalCluster"),
        new Rule(
            "the page does not see the local cluster",
            noClasses()
                .that()
                .resideInAPackage(PAGE)
                .should()
                .dependOnClassesThat(resideInAPackage(LOCAL)),
            "page.wrong.KnowsLocalCluster"),
        new Rule(
            "the ios do not know each other",
            slices().matching("dev.beamfluss.io.(*)..").should().notDependOnEachOther(),
            "io.wrong.KnowsAnotherIo"),
        new Rule(
            "no type of Fluss, Paimon or Roaring in a signature of the ios and the transforms",
            classes()
                .that()
                .resideInAnyPackage(IO, TRANSFORMS)
                .should(
                    new OfferOnly(
                        not(
                            resideInAnyPackage(
                                "org.apache.fluss..",
                                "org.apache.paimon..",
                                "org.roaringbitmap..")))),
            "io.wrong.Offers"),
        new Rule(
            "no standard streams in the ios and the transforms",
            noClasses()
                .that()
                .resideInAnyPackage(IO, TRANSFORMS)
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS),
            "io.wrong.Prints"),
        new Rule(
            "no cycles between packages",
            slices().matching("dev.beamfluss.(**)").should().beFreeOfCycles(),
            "local.wrong.KnowsPipelines"));
  }

  private static DescribedPredicate<JavaClass> ours(String... allowed) {
    return resideInAPackage("dev.beamfluss..").and(not(resideInAnyPackage(allowed)));
  }

  @TestFactory
  Stream<DynamicTest> production() {
    return rules().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.name(), () -> rule.rule().allowEmptyShould(false).check(PRODUCTION)));
  }

  @TestFactory
  Stream<DynamicTest> wrongCodeIsFound() {
    return rules().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.name(),
                    () -> {
                      String report = rule.rule().evaluate(WRONG).getFailureReport().toString();
                      assertThat(report, containsString("dev.beamfluss." + rule.wrongClass()));
                    }));
  }

  @Test
  void everyPlaceWhereATypeCanShowIsFound() {
    List<String> report =
        rules().stream()
            .filter(rule -> rule.wrongClass().equals("io.wrong.Offers"))
            .flatMap(rule -> rule.rule().evaluate(WRONG).getFailureReport().getDetails().stream())
            .toList();
    for (String place :
        List.of("supertype", "field", "<init>", "parameter", "result", "typeArgument")) {
      assertThat(report, hasItem(containsString("io.wrong.Offers." + place)));
    }
    assertThat(report, hasSize(6));
  }

  @Test
  void everyModuleIsLookedAt() {
    for (String module :
        List.of(
            CHANGES,
            "dev.beamfluss.io.fluss..",
            "dev.beamfluss.io.paimon..",
            TRANSFORMS,
            PIPELINES,
            PAGE,
            LOCAL)) {
      assertThat(module, PRODUCTION.stream().anyMatch(resideInAPackage(module)));
    }
  }
}
