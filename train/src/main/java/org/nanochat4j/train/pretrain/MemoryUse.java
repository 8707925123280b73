package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.program.MemoryPlan;

/**
 * How much memory a run was planned to take, and takes. All in bytes.
 *
 * @param planned by the memory plan, before anything was allocated
 * @param tensors that the Java virtual machine has really handed out outside its heap, and what was taken on a device: what was planned, and what was
 *     alive besides
 * @param heap of Java objects, with those that are garbage already
 * @param resident of the whole process in physical memory, null where the system does not tell
 * @param peakResident the most that was resident at any time, null where the system does not tell
 */
public record MemoryUse(
        long planned,
        long tensors,
        long heap,
        @Nullable Long resident,
        @Nullable Long peakResident) {

    private static final Path STATUS = Path.of("/proc/self/status");

    /**
     * Looks at this process.
     *
     * @param planned bytes
     * @param device bytes taken on a device with memory of its own
     */
    static MemoryUse now(long planned, long device) {
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        Runtime runtime = Runtime.getRuntime();
        long heap = runtime.totalMemory() - runtime.freeMemory();
        return new MemoryUse(planned, direct + device, heap, status("VmRSS:"), status("VmHWM:"));
    }

    /** A field that Linux gives in kB. */
    private static @Nullable Long status(String field) {
        try {
            for (String line : Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1)) {
                if (line.startsWith(field)) {
                    String digits =
                            line.substring(field.length()).replace("kB", "").strip();
                    return Long.parseLong(digits) << 10;
                }
            }
        } catch (IOException | NumberFormatException _) {
            // another system: the field is absent
        }
        return null;
    }

    /** All of it in one line. */
    public String line() {
        Long now = resident;
        Long most = peakResident;
        return String.format(
                Locale.ROOT,
                "planned %s, allocated %s, Java heap %s%s",
                MemoryPlan.human(planned),
                MemoryPlan.human(tensors),
                MemoryPlan.human(heap),
                now == null || most == null
                        ? ""
                        : ", process " + MemoryPlan.human(now) + " (peak " + MemoryPlan.human(most) + ")");
    }
}
