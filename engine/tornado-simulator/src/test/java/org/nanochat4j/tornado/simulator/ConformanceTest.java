package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The simulator declares what TornadoVM declares, name for name and descriptor for descriptor, so that code compiled against it
 * runs on a real SDK. The committed list was taken from the classes of version 5.2.0-jdk25.
 */
class ConformanceTest {
    private static final Path LIST = Path.of("src/test/resources/tornado-api-5.2.0-jdk25.txt");
    private static final Path CLASSES = Path.of("target/classes");

    /** Where the profile "tornado" puts the official jars. */
    private static final Path OFFICIAL = Path.of("target/tornado-api");

    /** A program that contains an older version of the API. */
    private static final Path OLDER = Path.of("target/older-api/gpu-llama3.jar");

    /** What has come since, in classes that the older API has too; everything else must be there already. */
    private static final Pattern NEWER =
            Pattern.compile(" libraryTask| withCUDAGraph|Functions\\$Task(1[6-9]|20);| fromSegmentShallow"
                    + "| allocate(Byte|HalfFloat)LocalArray|KernelContext method (asyncCopy|mma|simd)|BackendType field (CUDA|METAL)|APIException method <init>\\(Ljava/lang/String;\\)"
                    + "|TornadoNativeArray method clear");

    @Test
    void declaresExactlyWhatTheListSays() throws IOException {
        assertEquals(
                String.join("\n", Files.readAllLines(LIST)),
                String.join("\n", Signatures.of(CLASSES)),
                "declare what the official API declares, then write the list anew: see "
                        + getClass().getName() + ".main");
    }

    @Test
    @DisplayName("annotations are kept where TornadoVM looks for them")
    void parallelIsATypeAnnotationOfLocalVariables() throws IOException {
        List<String> lines = Files.readAllLines(LIST).stream()
                .filter(line -> line.startsWith("uk/ac/manchester/tornado/api/annotations/Parallel annotated"))
                .toList();
        assertEquals(2, lines.size());
        assertTrue(lines.getFirst().endsWith("RUNTIME"), lines::toString);
        assertTrue(lines.getLast().endsWith("LOCAL_VARIABLE,TYPE,TYPE_PARAMETER,TYPE_USE"), lines::toString);
    }

    @Test
    void theListIsThatOfTheOfficialApi() throws IOException {
        assumeTrue(
                Files.isDirectory(OFFICIAL),
                "the official artifacts are compared under the profile tornado only: -Ptornado");
        assertEquals(Set.of(), missing(Set.copyOf(Files.readAllLines(LIST)), Signatures.of(jars(OFFICIAL))));
    }

    @Test
    void theOlderApiHasTheSameSignatures() throws IOException {
        assumeTrue(Files.exists(OLDER), "the build did not copy io.github.beehive-lab:gpu-llama3");
        Set<String> older = Signatures.of(OLDER);
        Set<String> known = older.stream().map(Signatures::type).collect(Collectors.toSet());
        SortedSet<String> common = Signatures.about(known, Set.copyOf(Files.readAllLines(LIST)));
        assertTrue(common.size() > 200, () -> "only " + common.size() + " signatures compared");
        Set<String> missing = missing(common, older);
        missing.removeIf(line -> NEWER.matcher(line).find());
        assertEquals(Set.of(), missing);
    }

    private static Set<String> missing(Set<String> wanted, Set<String> there) {
        Set<String> missing = new TreeSet<>(wanted);
        missing.removeAll(there);
        return missing;
    }

    private static Path[] jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).toArray(Path[]::new);
        }
    }

    /**
     * Writes the list anew: the signatures of the official jars that the simulator declares too. What it declares and they do
     * not is printed and left out, so that the test fails until it is gone.
     *
     * @param arguments the official jars
     */
    static void main(String[] arguments) throws IOException {
        Set<String> official = Signatures.of(Stream.of(arguments).map(Path::of).toArray(Path[]::new));
        SortedSet<String> declared = Signatures.of(CLASSES);
        missing(declared, official).forEach(IO::println);
        declared.retainAll(official);
        Files.createDirectories(LIST.getParent());
        Files.write(LIST, declared);
    }
}
