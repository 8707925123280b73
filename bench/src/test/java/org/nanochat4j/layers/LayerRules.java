package org.nanochat4j.layers;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.FileDescriptor;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The layer rules of the tree.
 *
 * @param root the package that has {@code engine}, {@code model}, {@code train} ... below it: {@code org.nanochat4j} for
 *     the real classes, a package of the fixtures for a tree that breaks one rule
 */
record LayerRules(String root) {

    /** Tensors build ops, ops and gradient rules are written in tensors: together they are one slice, the core. */
    private static final Set<String> CORE = Set.of("", "op", "autodiff");

    /** The engine is usable alone: it knows no other module, and no library but the JDK and the nullness annotations. */
    ArchRule engineKnowsNoOtherModule() {
        return classes()
                .that()
                .resideInAPackage(below("engine"))
                .and()
                .resideOutsideOfPackage(below("engine.tornado"))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        below("engine"), "java..", "com.sun.management..", "jdk.incubator.vector..", "org.jspecify..")
                .because("the engine is usable alone, with no dependency but the JDK")
                .allowEmptyShould(true);
    }

    /** Only the backend in {@code engine.tornado} sees TornadoVM, and the simulator, which stands in for it in tests. */
    ArchRule tornadoTypesOnlyInItsBackend() {
        return noClasses()
                .that()
                .resideOutsideOfPackages(
                        below("engine.tornado"), below("tornado.simulator"), "uk.ac.manchester.tornado..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("uk.ac.manchester.tornado..")
                .because("the program must build and run where TornadoVM is not installed")
                .allowEmptyShould(true);
    }

    /** The model is written in tensors and runs on any backend. */
    ArchRule modelKnowsNoBackend() {
        return noClasses()
                .that()
                .resideInAPackage(below("model"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        below("engine.cpu"), below("engine.spi"), below("engine.reference"), below("engine.tornado"))
                .because("one model serves every backend")
                .allowEmptyShould(true);
    }

    /** Libraries return values and throw; what a person reads is written in one place. */
    ArchRule consoleOnlyInTheCommandLine() {
        return noClasses()
                .that()
                .resideOutsideOfPackages(below("train.cli"), below("bench.cli"))
                .should(ACCESS_STANDARD_STREAMS)
                .orShould()
                .accessTargetWhere(otherWayToTheConsole())
                .because("the output of commands with --json must stay clean")
                .allowEmptyShould(true);
    }

    /** Programs, backends, layers and optimizers rest on the core, never the reverse. */
    ArchRule coreKnowsNothingAboveIt() {
        String[] core = CORE.stream()
                .map(name -> root + ".engine" + (name.isEmpty() ? "" : "." + name))
                .toArray(String[]::new);
        return noClasses()
                .that()
                .resideInAnyPackage(core)
                .should()
                .dependOnClassesThat(resideInAPackage(below("engine")).and(resideOutsideOfPackages(core)))
                .because("the rest of the engine depends on the core")
                .allowEmptyShould(true);
    }

    /** No cycle between slices of the engine, and none between packages of the other modules. */
    ArchRule noCycles() {
        return slices().assignedFrom(new Slices(root)).should().beFreeOfCycles().allowEmptyShould(true);
    }

    /** All rules over class files, for the run over the real classes. */
    Stream<ArchRule> all() {
        return Stream.of(
                engineKnowsNoOtherModule(),
                tornadoTypesOnlyInItsBackend(),
                modelKnowsNoBackend(),
                consoleOnlyInTheCommandLine(),
                coreKnowsNothingAboveIt(),
                noCycles());
    }

    private String below(String packages) {
        return root + "." + packages + "..";
    }

    /** What ArchUnit's own condition for the standard streams does not see. */
    private static DescribedPredicate<JavaAccess<?>> otherWayToTheConsole() {
        return DescribedPredicate.describe("leads to the console", access -> {
            JavaClass owner = access.getTargetOwner();
            String name = access.getTarget().getName();
            return owner.getName().equals("java.lang.IO")
                    || owner.isEquivalentTo(System.class) && name.equals("console")
                    || owner.isEquivalentTo(FileDescriptor.class) && (name.equals("out") || name.equals("err"));
        });
    }

    /** In the engine a slice is the core or a first subpackage with all below it; elsewhere it is a package. */
    private record Slices(String root) implements SliceAssignment {

        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            String name = type.getPackageName();
            if (!name.startsWith(root + ".")) {
                return SliceIdentifier.ignore();
            }
            String[] parts = name.substring(root.length() + 1).split("\\.", -1);
            if (!parts[0].equals("engine")) {
                return SliceIdentifier.of(Arrays.asList(parts));
            }
            String first = parts.length == 1 ? "" : parts[1];
            return SliceIdentifier.of("engine", CORE.contains(first) ? "core" : first);
        }

        @Override
        public String getDescription() {
            return "engine slices and packages below " + root;
        }
    }
}
