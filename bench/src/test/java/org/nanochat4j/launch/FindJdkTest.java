package org.nanochat4j.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The search for a JDK that {@code ./mvnw} and {@code ./nanochat} share, over made-up JDK folders. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class FindJdkTest {

    private static final String VECTOR = "java.base jdk.incubator.vector";

    @TempDir
    Path home;

    @Test
    void takesJavaHomeOfTheRightRelease() throws IOException, InterruptedException {
        Path jdk = jdk("jdk-25", "25.0.1", VECTOR);
        assertEquals(jdk.toString(), find(jdk, "find_jdk 25 25"));
    }

    @Test
    void readsReleasesWithoutMinorNumber() throws IOException, InterruptedException {
        Path jdk = jdk("jdk-early", "25-ea", VECTOR);
        assertEquals(jdk.toString(), find(jdk, "find_jdk 25 25"));
    }

    @Test
    void passesOverAnOlderJavaHome() throws IOException, InterruptedException {
        Path old = jdk("jdk-17", "17.0.15", VECTOR);
        assertNotEquals(old.toString(), find(old, "find_jdk 25 25"));
    }

    @Test
    void passesOverAJdkWithoutTheVectorModule() throws IOException, InterruptedException {
        Path small = jdk("jdk-25-small", "25.0.1", "java.base java.desktop");
        assertNotEquals(small.toString(), find(small, "find_jdk 25 25"));
    }

    @Test
    void passesOverARuntimeWithoutCompiler() throws IOException, InterruptedException {
        Path runtime = jdk("jre-25", "25.0.1", VECTOR);
        Files.delete(runtime.resolve("bin/javac"));
        assertNotEquals(runtime.toString(), find(runtime, "find_jdk 25 25"));
    }

    @Test
    void newerReleaseOnlyWhereAllowed() throws IOException, InterruptedException {
        Path newer = jdk("jdk-26", "26", VECTOR);
        assertNotEquals(newer.toString(), find(newer, "find_jdk 25 25"));
        assertEquals(newer.toString(), find(newer, "find_jdk 25 99"));
    }

    @Test
    void searchesTheUsersInstallFolders() throws IOException, InterruptedException {
        // Releases that no machine has, so that the machine's own JDKs cannot answer.
        Path sdkman = jdk(".sdkman/candidates/java/901-tem", "901.0.2", VECTOR);
        Path intellij = jdk(".jdks/temurin-902", "902", VECTOR);
        assertEquals(sdkman.toString(), find(home, "find_jdk 901 901"));
        assertEquals(intellij.toString(), find(home, "find_jdk 902 902"));
    }

    @Test
    void findsNothingAndSaysHowToGetOne() throws IOException, InterruptedException {
        String message = find(home, "find_jdk 903 903 || explain_no_jdk 2>&1");
        assertTrue(message.startsWith("nanochat4j needs a JDK 25"), message);
        assertTrue(message.contains("JAVA_HOME"), message);
    }

    /** A folder that looks like a JDK from outside. */
    private Path jdk(String name, String version, String modules) throws IOException {
        Path jdk = home.resolve(name);
        Files.createDirectories(jdk.resolve("bin"));
        for (String program : new String[] {"bin/java", "bin/javac"}) {
            assertTrue(Files.createFile(jdk.resolve(program)).toFile().setExecutable(true));
        }
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\nMODULES=\"" + modules + "\"\n");
        return jdk;
    }

    /** What the shell prints, with the given JAVA_HOME and this test's folder as home. */
    private String find(Path javaHome, String command) throws IOException, InterruptedException {
        Path script =
                Path.of("").toAbsolutePath().resolve("../.mvn/find-jdk.sh").normalize();
        ProcessBuilder shell = new ProcessBuilder("sh", "-uc", ". '" + script + "'; " + command);
        shell.environment().put("JAVA_HOME", javaHome.toString());
        shell.environment().put("HOME", home.toString());
        shell.environment().remove("SDKMAN_DIR");
        shell.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = shell.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return printed;
    }
}
