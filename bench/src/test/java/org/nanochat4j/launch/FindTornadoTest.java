package org.nanochat4j.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How {@code ./nanochat} finds a TornadoVM and what it starts the JVM with, over made-up SDK folders. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a shell script")
class FindTornadoTest {

    private final Map<String, String> environment = new HashMap<>();

    @TempDir
    Path home;

    @BeforeEach
    void needsBash() {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/bin/bash")) || Files.isExecutable(Path.of("/usr/bin/bash")),
                "no bash here, which the launcher needs");
    }

    @ParameterizedTest
    @CsvSource({
        "train --backend tornado --depth 2, '', yes",
        "train --backend=tornado, cpu, yes",
        "train --depth 2, tornado, yes",
        "train --backend cpu, tornado, no",
        "sample --prompt --backend=tornado --backend=cpu, '', no",
        "train --model-tag tornado, '', no"
    })
    void theCommandLineDecidesBeforeTheEnvironment(String arguments, String backend, String expected) throws Exception {
        environment.put("NANOCHAT_BACKEND", backend);
        assertEquals(expected, shell("asks_for_tornado " + arguments + " && echo yes || echo no"));
    }

    @Test
    void takesTheNamedFolderOrRefusesIt() throws Exception {
        Path sdk = sdk("sdk", "5.2.0-jdk25", "opencl");
        environment.put("TORNADOVM_HOME", sdk.toString());
        assertEquals(sdk.toRealPath().toString(), shell("find_tornado"));
        environment.put("TORNADOVM_HOME", home.resolve("nowhere").toString());
        assertTrue(shell("find_tornado").contains("nowhere is no TornadoVM SDK"));
    }

    @Test
    void searchesSdkman() throws Exception {
        assertEquals("3", shell("find_tornado; echo $?"));
        Path sdk = sdk(".sdkman/candidates/tornadovm/5.2.0-jdk25-opencl", "5.2.0-jdk25", "opencl");
        assertEquals(sdk.toRealPath().toString(), shell("find_tornado"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.2.0-jdk25", "5.2.1-jdk25", "5.10.0-jdk25", "6.0.0-jdk25"})
    void takesThisVersionAndLaterOnes(String version) throws Exception {
        Path sdk = sdk("sdk", version, "opencl");
        assertEquals("taken", shell("require_tornado " + sdk + " && echo taken"));
        Files.delete(sdk.resolve("etc/tornado.release")); // then the jar's name tells
        assertEquals("taken", shell("require_tornado " + sdk + " && echo taken"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.1.9-jdk25", "4.0.1-jdk25", "5.2.0-jdk21", "5.2-jdk25", "unknown"})
    void refusesOthersWithARemedy(String version) throws Exception {
        String said = shell("require_tornado " + sdk("sdk", version, "opencl") + " && echo taken");
        assertTrue(said.contains("is version " + version), said);
        assertTrue(said.contains("needs 5.2.0-jdk25") && said.contains("set TORNADOVM_HOME"), said);
        assertFalse(said.contains("taken"), said);
    }

    @Test
    void choosesADriverThatSdkAndMachineHave() throws Exception {
        Path both = sdk("both", "5.2.0-jdk25", "opencl", "cuda");
        environment.put("LD_LIBRARY_PATH", home.toString());
        Files.createFile(home.resolve("libcuda.so.1"));
        assertEquals("cuda", shell("tornado_driver " + both));
        environment.put("NANOCHAT_TORNADO_DRIVER", "opencl");
        assertEquals("opencl", shell("tornado_driver " + both));
        Path one = sdk("one", "5.2.0-jdk25", "opencl");
        environment.put("NANOCHAT_TORNADO_DRIVER", "cuda");
        assertTrue(shell("tornado_driver " + one).contains("has no driver cuda"));
        environment.put("NANOCHAT_TORNADO_DRIVER", "vulkan");
        assertTrue(shell("tornado_driver " + one).contains("choose cuda or opencl"));
        environment.remove("NANOCHAT_TORNADO_DRIVER");
        assertEquals("opencl", shell("tornado_driver " + one));
        assertTrue(
                shell("tornado_driver " + sdk("none", "5.2.0-jdk25")).contains("no driver that this machine can use"));
    }

    @Test
    void expandsTheSdksArgumentFileForOneDriver() throws Exception {
        Path sdk = sdk("sdk", "5.2.0-jdk25", "opencl", "cuda");
        Files.writeString(sdk.resolve("tornado-argfile.template"), """
                # === a comment ===
                -server
                -XX:+UseParallelGC
                --enable-preview
                -Djava.library.path=${TORNADOVM_HOME}/lib
                -Dtornado.recover.bailout=True

                --module-path .:${TORNADOVM_HOME}/share/java/tornado
                --add-modules ALL-SYSTEM,tornado.runtime,tornado.drivers.common,tornado.drivers.cuda,tornado.drivers.opencl
                --add-exports=a/b=tornado.runtime,tornado.drivers.cuda
                --add-exports c/d=tornado.drivers.cuda
                """);
        Files.writeString(
                sdk.resolve("etc/exportLists/opencl-exports"), "# mine\n--add-exports e/f=tornado.drivers.opencl\n");
        assertEquals(
                List.of(
                        "--enable-preview",
                        "-Djava.library.path=" + sdk + "/lib",
                        "--module-path",
                        sdk + "/share/java/tornado",
                        "--add-modules",
                        "ALL-SYSTEM,tornado.runtime,tornado.drivers.common,tornado.drivers.opencl",
                        "--add-exports",
                        "a/b=tornado.runtime",
                        "--add-exports",
                        "e/f=tornado.drivers.opencl",
                        "-Dtornado.recover.bailout=False",
                        "-Dtornado.tvm.maxbytecodesize=1048576",
                        "-Dtornado.device.memory=1024GB"),
                options(sdk, "opencl"));
    }

    @Test
    void addsTheDriverWhereTheArgumentFileNamesAnother() throws Exception {
        Path sdk = sdk("sdk", "5.2.0-jdk25", "opencl", "cuda");
        Files.writeString(
                sdk.resolve("tornado-argfile"), "--add-modules ALL-SYSTEM,tornado.runtime,tornado.drivers.cuda\n");
        assertTrue(options(sdk, "opencl").contains("ALL-SYSTEM,tornado.runtime,tornado.drivers.opencl"));
        assertTrue(options(sdk, "cuda").contains("ALL-SYSTEM,tornado.runtime,tornado.drivers.cuda"));
    }

    @Test
    void writesTheOptionsItselfWhereTheSdkHasNoFile() throws Exception {
        Path sdk = sdk("sdk", "5.2.0-jdk25", "cuda");
        environment.put("NANOCHAT_DEVICE_MEMORY", "8GB");
        List<String> options = options(sdk, "cuda");
        assertTrue(options.contains("-Djava.library.path=" + sdk + "/lib"), options.toString());
        assertTrue(options.contains(
                "ALL-SYSTEM,tornado.runtime,tornado.annotation,tornado.drivers.common,tornado.drivers.cuda"));
        assertTrue(options.contains("-Dtornado.device.memory=8GB"), options.toString());
        assertTrue(options.contains("-Dtornado.recover.bailout=False"), options.toString());
    }

    private List<String> options(Path sdk, String driver) throws Exception {
        return shell("tornado_options " + sdk + " " + driver + "; printf '%s\\n' \"${tornado_jvm[@]}\"")
                .lines()
                .toList();
    }

    /** A folder that looks like an SDK from outside. */
    private Path sdk(String name, String version, String... drivers) throws IOException {
        Path sdk = home.resolve(name);
        Path jars = Files.createDirectories(sdk.resolve("share/java/tornado"));
        Files.createDirectories(sdk.resolve("etc/exportLists"));
        Files.writeString(sdk.resolve("etc/tornado.release"), "version=" + version + "\nbranch=UNKNOWN\n");
        Files.createFile(jars.resolve("tornado-api-" + version + ".jar"));
        for (String driver : drivers) {
            Files.createFile(jars.resolve("tornado-drivers-" + driver + "-" + version + ".jar"));
        }
        return sdk;
    }

    /** What the shell prints, errors too, with this test's folder as home. */
    private String shell(String command) throws IOException, InterruptedException {
        Path script =
                Path.of("").toAbsolutePath().resolve("../.mvn/find-tornado.sh").normalize();
        ProcessBuilder shell =
                new ProcessBuilder("bash", "-uc", "die() { echo \"$1\"; exit 1; }; . '" + script + "'; " + command);
        shell.environment().keySet().removeIf(name -> name.startsWith("NANOCHAT") || name.startsWith("TORNADO"));
        shell.environment().remove("SDKMAN_DIR");
        shell.environment().put("HOME", home.toString());
        shell.environment().putAll(environment);
        shell.redirectErrorStream(true);
        Process process = shell.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return printed;
    }
}
