package org.nanochat4j.layers;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The layer rules hold for the real classes, and each of them fails for a small tree that breaks it. */
class LayerRulesTest {

    private static final String FIXTURES = "org.nanochat4j.layers.fixture.";

    @Nested
    @DisplayName("the real tree")
    class Real {

        private final SourceTree tree = SourceTree.here();

        @Test
        @DisplayName("every module has class files, so that no rule passes for want of classes")
        void everyModuleHasClasses() {
            JavaClasses classes = tree.classes();
            assertAll(tree.classFolders().stream().map(folder -> () -> {
                String uri = folder.toUri().toString();
                assertTrue(
                        classes.stream()
                                .anyMatch(type -> type.getSource()
                                        .map(source ->
                                                source.getUri().toString().startsWith(uri))
                                        .orElse(false)),
                        folder + " has no class files; run ./mvnw verify from the root");
            }));
        }

        @TestFactory
        Stream<DynamicTest> rules() {
            JavaClasses classes = tree.classes();
            return new LayerRules("org.nanochat4j")
                    .all()
                    .map(rule -> DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(classes)));
        }

        @Test
        @DisplayName("no source is over 600 lines but Tensor")
        void lengths() {
            assertEquals(List.of(), tree.overlongSources());
        }

        @Test
        @DisplayName("javac checks the documentation of every exported package")
        void documentation() {
            assertEquals(List.of(), tree.exportsWithoutDoclint());
        }
    }

    @Nested
    @DisplayName("a tree that breaks a rule is caught")
    class Fixtures {

        @Test
        void engineThatKnowsTheModel() {
            broken("enginemodel", LayerRules::engineKnowsNoOtherModule, "engine.Tensor", "engine.Shape");
        }

        @Test
        void tornadoOutsideItsBackend() {
            broken("tornado", LayerRules::tornadoTypesOnlyInItsBackend, "train.Launch", "engine.tornado.Lowering");
        }

        @Test
        void modelThatKnowsABackend() {
            broken("modelbackend", LayerRules::modelKnowsNoBackend, "model.Gpt", "train.Machine");
        }

        @Test
        void printingLibrary() {
            broken("console", LayerRules::consoleOnlyInTheCommandLine, "model.Chatty", "train.cli.Main");
        }

        @Test
        void printingByTheNewerWays() {
            broken("console", LayerRules::consoleOnlyInTheCommandLine, "model.Modern", "train.cli.Main");
        }

        @Test
        void coreThatKnowsAKernel() {
            broken("corekernel", LayerRules::coreKnowsNothingAboveIt, "engine.op.Add", "engine.cpu.AddKernel");
        }

        @Test
        void cycleBetweenSlicesOfTheEngine() {
            broken("enginecycle", LayerRules::noCycles, "engine.program.Program", "engine.op.Add");
        }

        @Test
        void cycleBetweenPackages() {
            broken("packagecycle", LayerRules::noCycles, "train.data.Loader", "train.cli.Main");
        }

        @Test
        void sourceThatIsTooLong(@TempDir Path folder) throws IOException {
            Path sources = Files.createDirectories(folder.resolve("src/main/java/org/nanochat4j/engine"));
            Files.writeString(sources.resolve("Short.java"), "//\n".repeat(600));
            Files.writeString(sources.resolve("Tensor.java"), "//\n".repeat(700));
            Files.writeString(sources.resolve("Long.java"), "//\n".repeat(601));
            assertEquals(
                    List.of("src/main/java/org/nanochat4j/engine/Long.java: 601"),
                    new SourceTree(folder).overlongSources());
        }

        @Test
        void exportedPackageThatIsNotChecked(@TempDir Path folder) throws IOException {
            Files.writeString(folder.resolve("pom.xml"), "<module>model</module>");
            Path sources = Files.createDirectories(folder.resolve("model/src/main/java"));
            Files.writeString(
                    folder.resolve("model/pom.xml"), "<doclint.packages>org.nanochat4j.model</doclint.packages>");
            Files.writeString(sources.resolve("module-info.java"), """
                    module org.nanochat4j.model {
                        exports org.nanochat4j.model;
                        exports org.nanochat4j.model.secret to org.nanochat4j.train;
                        exports org.nanochat4j.model.io;
                    }
                    """);
            assertEquals(List.of("model: org.nanochat4j.model.io"), new SourceTree(folder).exportsWithoutDoclint());
        }

        /** The rule names the guilty class of the fixture, and leaves the innocent one beside it alone. */
        private void broken(String fixture, Function<LayerRules, ArchRule> rule, String guilty, String innocent) {
            String root = FIXTURES + fixture;
            JavaClasses classes = new ClassFileImporter().importPackages(root);
            assertTrue(classes.contain(root + "." + innocent), "fixture lacks " + innocent);
            var result = rule.apply(new LayerRules(root)).evaluate(classes);
            String report = result.getFailureReport().toString();
            assertTrue(result.hasViolation(), "the rule did not bite");
            assertTrue(accused(report, root + "." + guilty), report);
            assertFalse(accused(report, root + "." + innocent), report);
        }

        /** True if a line of the report begins with the class: what comes after it is only what it depends on. */
        private static boolean accused(String report, String type) {
            return Pattern.compile("^\\W*\\w+ <" + Pattern.quote(type) + "[.>]", Pattern.MULTILINE)
                    .matcher(report)
                    .find();
        }
    }
}
