package org.nanochat4j.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import org.nanochat4j.train.pretrain.Identity;

/**
 * On what and with what something was measured: figures of different settings do not compare.
 *
 * @param processor as the system names it
 * @param processors that this process may use
 * @param flags of the processor that decide about kernels; empty where the system does not tell
 * @param vectorBits length of the vectors that kernels use
 * @param memory bytes of the machine
 * @param system operating system and version
 * @param java virtual machine, its maker and version
 * @param kernels which of its kernels run here and why, in the backend's words; empty where no engine was opened
 * @param options of the virtual machine
 * @param commit of the program, followed by {@code +changes} if files differ from it; "unknown" outside a repository
 */
public record Setting(
        String processor,
        int processors,
        List<String> flags,
        int vectorBits,
        long memory,
        String system,
        String java,
        List<String> kernels,
        List<String> options,
        String commit) {

    private static final Path CPU = Path.of("/proc/cpuinfo");
    private static final Set<String> DECISIVE = Set.of(
            "avx2",
            "fma",
            "f16c",
            "avx512f",
            "avx512bw",
            "avx512vl",
            "avx512_vnni",
            "avx512_bf16",
            "avx512_fp16",
            "amx_tile",
            "amx_bf16",
            "amx_int8",
            "asimd",
            "asimdhp",
            "bf16",
            "i8mm",
            "sve",
            "sve2");

    /**
     * The setting of this process.
     *
     * @param kernels what the backend says of its kernels
     * @return the setting
     */
    public static Setting here(List<String> kernels) {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new Setting(
                field("model name", System.getProperty("os.arch")),
                Runtime.getRuntime().availableProcessors(),
                Arrays.stream(field("flags", field("Features", "")).split("\\s+"))
                        .filter(DECISIVE::contains)
                        .sorted()
                        .toList(),
                FloatVector.SPECIES_PREFERRED.vectorBitSize(),
                system.getTotalMemorySize(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vendor") + " "
                        + System.getProperty("java.runtime.version"),
                kernels,
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                head());
    }

    /** {@return the machine in a few words} */
    public String machine() {
        return processor + ", " + processors + " processors, " + vectorBits + "-bit vectors";
    }

    private static String field(String name, String otherwise) {
        if (!Files.isReadable(CPU)) {
            return otherwise;
        }
        try {
            return Files.readAllLines(CPU, StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(otherwise);
        } catch (IOException _) {
            return otherwise;
        }
    }

    /** The commit of the build. */
    private static String head() {
        Map<String, String> build = Identity.build();
        boolean changed = Boolean.parseBoolean(build.get("dirty"));
        return build.get("commit") + (changed ? "+changes" : "");
    }

    /** {@return all of it in lines} */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(machine() + (flags.isEmpty() ? "" : " (" + String.join(" ", flags) + ")"));
        lines.add(String.format(Locale.ROOT, "%s, %.1f GiB, %s, commit %.20s", system, memory / 0x1p30, java, commit));
        lines.addAll(kernels);
        return lines;
    }
}
