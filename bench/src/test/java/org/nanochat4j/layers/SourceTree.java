package org.nanochat4j.layers;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A source tree: its modules, their class files, and its sources.
 *
 * @param root the folder with the parent {@code pom.xml}
 */
record SourceTree(Path root) {

    private static final int MAX_LINES = 600;
    private static final Pattern MODULE = Pattern.compile("<module>\\s*([^<\\s]+)\\s*</module>");
    private static final String MODULE_INFO = "src/main/java/module-info.java";
    /** An export to everyone; one with {@code to} is between our own modules. */
    private static final Pattern EXPORTS = Pattern.compile("(?m)^\\s*exports\\s+([\\w.]+)\\s*;");

    private static final Pattern DOCLINT = Pattern.compile("<doclint.packages>([^<]*)</doclint.packages>");

    /** The tree this test stands in: upwards from the working folder to the one with the Maven wrapper. */
    static SourceTree here() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("mvnw"))) {
            Path parent = folder.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "no folder with mvnw above " + Path.of("").toAbsolutePath());
            }
            folder = parent;
        }
        return new SourceTree(folder);
    }

    /** The folders of class files of all modules of the parent pom, whether they exist or not. */
    List<Path> classFolders() {
        return moduleFolders().stream()
                .map(folder -> folder.resolve("target/classes"))
                .toList();
    }

    private List<Path> moduleFolders() {
        return MODULE.matcher(read(root.resolve("pom.xml")))
                .results()
                .map(match -> root.resolve(match.group(1)))
                .toList();
    }

    /** The classes of all modules; what JMH generates is not ours. */
    JavaClasses classes() {
        return new ClassFileImporter()
                .withImportOption(location -> !location.contains("jmh_generated"))
                .importPaths(classFolders());
    }

    /** Sources longer than the limit, as {@code path: lines}; {@code Tensor} alone may be longer. */
    List<String> overlongSources() {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(SourceTree::isSource)
                    .filter(file -> !file.endsWith(Path.of("org/nanochat4j/engine/Tensor.java")))
                    .filter(file -> lines(file) > MAX_LINES)
                    .map(file -> root.relativize(file) + ": " + lines(file))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Exported packages whose documentation javac does not check, as {@code module folder: package}. */
    List<String> exportsWithoutDoclint() {
        return moduleFolders().stream()
                .filter(folder -> Files.exists(folder.resolve(MODULE_INFO)))
                .flatMap(folder -> {
                    Set<String> checked = DOCLINT.matcher(read(folder.resolve("pom.xml")))
                            .results()
                            .flatMap(match -> Stream.of(match.group(1).split("[,\\s]+", -1)))
                            .collect(Collectors.toSet());
                    return EXPORTS.matcher(read(folder.resolve(MODULE_INFO)))
                            .results()
                            .map(match -> match.group(1))
                            .filter(name -> !checked.contains(name))
                            .map(name -> root.relativize(folder) + ": " + name);
                })
                .toList();
    }

    private static boolean isSource(Path file) {
        return file.toString().endsWith(".java") && !file.toString().contains("/target/");
    }

    private static long lines(Path file) {
        return read(file).lines().count();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
