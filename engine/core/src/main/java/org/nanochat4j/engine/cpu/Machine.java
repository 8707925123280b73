package org.nanochat4j.engine.cpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the operating system says of this machine. */
final class Machine {
    private static final Path CPU = Path.of("/proc/cpuinfo");
    private static final Path MEMORY = Path.of("/proc/meminfo");

    private Machine() {}

    /** The processor's name, or its architecture where the system does not tell. */
    static String processor() {
        return field(CPU, "model name", System.getProperty("os.arch"));
    }

    /** Bytes that can be allocated without swapping. */
    static long availableBytes() {
        String available = field(MEMORY, "MemAvailable", "");
        if (available.endsWith(" kB")) {
            return Long.parseLong(available.substring(0, available.length() - 3).strip()) << 10;
        }
        var system = (com.sun.management.OperatingSystemMXBean)
                java.lang.management.ManagementFactory.getOperatingSystemMXBean();
        return system.getTotalMemorySize() / 4 * 3;
    }

    /** Bytes that this JVM lets native memory segments take: the size of the heap unless an option says otherwise. */
    static long offHeapLimit() {
        var options = java.lang.management.ManagementFactory.getPlatformMXBean(
                com.sun.management.HotSpotDiagnosticMXBean.class);
        if (options == null) {
            return Long.MAX_VALUE;
        }
        long limit = Long.parseLong(options.getVMOption("MaxDirectMemorySize").getValue());
        return limit > 0 ? limit : Runtime.getRuntime().maxMemory();
    }

    private static String field(Path file, String name, String otherwise) {
        if (!Files.isReadable(file)) {
            return otherwise;
        }
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return otherwise;
        }
        return lines.stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(otherwise);
    }
}
