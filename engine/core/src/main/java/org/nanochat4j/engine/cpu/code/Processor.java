package org.nanochat4j.engine.cpu.code;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What machine code has to know of the machine.
 *
 * @param system name of the operating system as the JVM gives it
 * @param architecture name of the instruction set as the JVM gives it
 * @param flags extensions that processor and system offer, in Linux's names
 */
record Processor(String system, String architecture, Set<String> flags) {
    private static final Path CPU = Path.of("/proc/cpuinfo");

    /** This machine. */
    static Processor current() {
        List<String> lines;
        try {
            lines = Files.readAllLines(CPU, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            lines = List.of(); // no Linux: the system's name says so
        }
        return new Processor(System.getProperty("os.name"), System.getProperty("os.arch"), flags(lines));
    }

    /** The flags that all processors listed have. */
    static Set<String> flags(List<String> cpuinfo) {
        return cpuinfo.stream()
                .filter(line -> line.startsWith("flags") && line.contains(":"))
                .map(line -> Arrays.stream(
                                line.substring(line.indexOf(':') + 1).strip().split("\\s+"))
                        .collect(Collectors.toSet()))
                .reduce((all, more) -> {
                    all.retainAll(more);
                    return all;
                })
                .orElse(Set.of());
    }

    /** Why code with these extensions cannot run here; empty if it can. */
    Optional<String> obstacle(String... extensions) {
        if (!system.equals("Linux") || !architecture.equals("amd64")) {
            return Optional.of("it is written for Linux on x86-64, not " + system + " on " + architecture);
        }
        List<String> missing = Arrays.stream(extensions)
                .filter(extension -> !flags.contains(extension))
                .toList();
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("the processor has no " + String.join(" and no ", missing));
    }
}
