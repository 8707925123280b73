package org.nanochat4j.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;

/** Memory of engines that are gone, which no collection has found yet. */
class ReclaimTest {
    private static final int BYTES = 64 << 20;

    @Test
    @DisplayName("memory that nothing refers to is there again after reclaim()")
    void reclaim() {
        long before = reserved();
        try (CpuBackend backend = new CpuBackend(1, false, false)) {
            var kept = backend.allocate(new TensorType(DType.F32, Shape.of(BYTES / 4)));
            for (int i = 0; i < 3; i++) {
                backend.allocate(kept.type());
            }
            backend.reclaim();
            long now = reserved() - before;
            assertTrue(
                    now < 2L * BYTES,
                    now + " bytes are still taken where " + kept.type().bytes() + " are in use");
        }
    }

    /** Bytes outside the heap that count towards the JVM's limit. */
    private static long reserved() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
