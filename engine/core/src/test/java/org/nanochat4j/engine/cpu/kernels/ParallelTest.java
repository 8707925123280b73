package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ParallelTest {
    @Test
    @DisplayName("every index runs exactly once, on a worker number below the number of threads")
    void everyIndexOnce() {
        for (int threads : new int[] {1, 2, 3, 8}) {
            try (Parallel pool = new Parallel(threads)) {
                assertEquals(threads, pool.threads());
                for (int count : new int[] {0, 1, 2, 7, 1000}) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(count);
                    AtomicInteger strangers = new AtomicInteger();
                    pool.run(count, (index, worker) -> {
                        runs.incrementAndGet(index);
                        if (worker < 0 || worker >= threads) {
                            strangers.incrementAndGet();
                        }
                    });
                    for (int i = 0; i < count; i++) {
                        assertEquals(1, runs.get(i), "runs of index " + i + " of " + count);
                    }
                    assertEquals(0, strangers.get());
                }
            }
        }
    }

    /** A task that knows its job: an index claimed from one job and run with the task of another shows as a wrong stamp or a wrong count. */
    private static final class Stamped implements Parallel.Task {
        final int[] stamps = new int[64];
        final AtomicInteger runs = new AtomicInteger();
        final AtomicInteger late = new AtomicInteger();
        volatile boolean open;
        volatile int stamp;

        @Override
        public void run(int index, int worker) {
            if (!open) {
                late.incrementAndGet();
            }
            stamps[index] = stamp;
            runs.incrementAndGet();
        }
    }

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    @DisplayName("stress: 200,000 tiny jobs of changing size never mix, with more threads than cores")
    void jobsNeverMix() {
        Random random = new Random(1);
        Stamped[] tasks = new Stamped[3];
        for (int i = 0; i < tasks.length; i++) {
            tasks[i] = new Stamped();
        }
        try (Parallel pool = new Parallel(Math.max(4, Runtime.getRuntime().availableProcessors() + 2))) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
            for (int job = 1; job <= 200_000 && System.nanoTime() < deadline; job++) {
                Stamped task = tasks[random.nextInt(tasks.length)];
                int count = 2 + random.nextInt(10);
                task.runs.set(0);
                task.stamp = job;
                task.open = true;
                pool.run(count, task);
                task.open = false;
                assertEquals(count, task.runs.get(), "parts run in job " + job);
                for (int i = 0; i < count; i++) {
                    assertEquals(job, task.stamps[i], "stamp of index " + i);
                }
                if (job % 10_000 == 0) {
                    pause(); // long enough for the workers to park
                }
            }
        }
        for (Stamped task : tasks) {
            assertEquals(0, task.late.get(), "parts that ran outside their job");
        }
    }

    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("a failure in a part reaches the caller, the other parts run, and the pool goes on")
    void failure() {
        RuntimeException fault = new RuntimeException("part 3");
        try (Parallel pool = new Parallel(3)) {
            for (int repetition = 0; repetition < 100; repetition++) {
                AtomicInteger runs = new AtomicInteger();
                IllegalStateException thrown = assertThrows(
                        IllegalStateException.class,
                        () -> pool.run(8, (index, worker) -> {
                            runs.incrementAndGet();
                            if (index == 3) {
                                throw fault;
                            }
                        }));
                assertSame(fault, thrown.getCause());
                assertEquals(8, runs.get());
                AtomicInteger after = new AtomicInteger();
                pool.run(5, (index, worker) -> after.incrementAndGet());
                assertEquals(5, after.get());
            }
        }
    }

    @Test
    @DisplayName("a job inside a job is refused, with any number of threads")
    void nested() {
        for (int threads : new int[] {1, 2}) {
            try (Parallel pool = new Parallel(threads)) {
                IllegalStateException thrown = assertThrows(
                        IllegalStateException.class,
                        () -> pool.run(2, (index, worker) -> pool.run(2, (inner, innerWorker) -> {})));
                Throwable cause = threads == 1 ? thrown : thrown.getCause();
                assertTrue(cause != null && String.valueOf(cause.getMessage()).contains("must not start another job"));
                pool.run(2, (index, worker) -> {});
            }
        }
    }

    @Test
    @DisplayName("a job allocates nothing")
    void allocation() {
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int[] sink = new int[64];
        Parallel.Task task = (index, worker) -> sink[index]++;
        try (Parallel pool = new Parallel(2)) {
            long least = Long.MAX_VALUE;
            for (int attempt = 0; attempt < 50 && least > 0; attempt++) {
                long before = bean.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 500; i++) {
                    pool.run(64, task);
                }
                least = Math.min(least, bean.getCurrentThreadAllocatedBytes() - before);
            }
            assertEquals(0, least, "bytes allocated in 500 jobs");
        }
    }

    @Test
    @DisplayName("a pool without threads is refused")
    void noThreads() {
        assertThrows(IllegalArgumentException.class, () -> new Parallel(0));
    }
}
