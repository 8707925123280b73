package org.nanochat4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The most memory that this process has held since some moment, as Linux counts it. */
final class Resident {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");
    /** Memory outside the heap is freed by a thread of its own, some time after the collection. */
    private static final long CLEANING_NANOS = 300_000_000;

    private static final String PEAK = "VmHWM:";

    private Resident() {}

    /** Lets the count begin anew, from what is held after garbage is gone; where that cannot be done the peak is that of the whole process. */
    static void reset() {
        System.gc();
        LockSupport.parkNanos(CLEANING_NANOS);
        try {
            Files.writeString(CLEAR, "5");
        } catch (IOException _) {
            // another system, or no right to: the whole process then, which is no less
        }
    }

    /** Bytes; null where the system does not tell. */
    static @Nullable Long peak() {
        try {
            for (String line : Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1)) {
                if (line.startsWith(PEAK)) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException _) {
            // another system
        }
        return null;
    }
}
