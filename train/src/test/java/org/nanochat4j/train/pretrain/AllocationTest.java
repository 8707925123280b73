package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.TrainingPrograms;

/** Replaying a compiled training step leaves no garbage: not on the training thread, and not on the pool's workers. */
class AllocationTest {
    private static final int THREADS = 2;
    private static final int STEPS = 100;

    /** The compiler is done long before; a machine under load takes longer. */
    private static final long DEADLINE_SECONDS = 180;

    private static final ThreadMXBean BEAN = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** A run of a small GPT whose every buffer exists before the first step. */
    private static final class Run {
        private final Engine engine;
        private final TrainingPrograms programs;
        private final Executable micro;
        private final Executable update;
        private final Executable norms;
        private final List<ParamGroup> groups;
        private final HyperParameters hyper = new HyperParameters(new Schedules(100_000, 40, 0.65, 0.05), 0.1);
        private final int[] ids;
        private final MemorySegment idBytes;
        private final MemorySegment targetBytes;
        private final int[] targets;
        private final float[] loss = new float[1];
        private final MemorySegment lossBytes = MemorySegment.ofArray(loss);
        private final int vocabulary;
        private int step;

        Run(Engine engine, GptConfig config, int batch) {
            this.engine = engine;
            Gpt gpt = new Gpt(config);
            gpt.initialise(engine, 42);
            groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
            programs = TrainingPrograms.record(gpt, groups, batch, config.sequenceLength(), 2);
            List<Executable> executables = engine.compile(engine.plan(programs.programs()));
            micro = executables.get(0);
            update = executables.get(1);
            norms = executables.get(3);
            ids = new int[batch * config.sequenceLength()];
            targets = new int[ids.length];
            idBytes = MemorySegment.ofArray(ids);
            targetBytes = MemorySegment.ofArray(targets);
            vocabulary = config.vocabularySize();
        }

        /** Two micro-batches, norms and an update. */
        void step() {
            for (int i = 0; i < 2; i++) {
                for (int at = 0; at < ids.length; at++) {
                    ids[at] = (at * at + at / 7 + step) % vocabulary;
                    targets[at] = ((at + 1) * (at + 1) + (at + 1) / 7 + step) % vocabulary;
                }
                engine.write(programs.ids(), 0, idBytes);
                engine.write(programs.targets(), 0, targetBytes);
                micro.run();
            }
            norms.run();
            engine.read(programs.loss(), 0, lossBytes);
            hyper.write(engine, groups, step++);
            update.run();
        }
    }

    /** This thread and the pool's workers. */
    private static long[] threads() {
        long[] workers = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("nanochat-cpu-"))
                .mapToLong(Thread::threadId)
                .toArray();
        return LongStream.concat(LongStream.of(Thread.currentThread().threadId()), LongStream.of(workers))
                .toArray();
    }

    private static long allocated(long[] threads) {
        long bytes = 0;
        for (long thread : threads) {
            bytes += BEAN.getThreadAllocatedBytes(thread);
        }
        return bytes;
    }

    /** Takes steps in this process until the last {@link #STEPS} were quiet enough, and says so; exit code 1 if time is up before. */
    public static void main(String[] args) {
        if (!BEAN.isThreadAllocatedMemorySupported()) {
            System.out.println("this JVM counts no allocations");
            System.exit(1);
        }
        try (Engine engine = Engine.open("cpu", new BackendOptions(THREADS))) {
            Run run = new Run(engine, new GptConfig(64, 257, 3, 4, 2, 128, "SL", Architecture.CURRENT), 2);
            long[] threads = threads();
            if (threads.length < THREADS) {
                System.out.println("no worker thread was found");
                System.exit(1);
            }
            long deadline = System.nanoTime() + DEADLINE_SECONDS * 1_000_000_000;
            long[] last = new long[STEPS];
            boolean quiet = false;
            while (!quiet && System.nanoTime() < deadline) {
                long before = allocated(threads);
                run.step();
                last[run.step % STEPS] = allocated(threads) - before;
                quiet = run.step > STEPS && quiet(last);
            }
            System.out.printf(
                    "%d steps, loss %f, bytes allocated by each of the last %d: %s%n",
                    run.step, run.loss[0], STEPS, Arrays.toString(last));
            System.exit(quiet && Float.isFinite(run.loss[0]) ? 0 : 1);
        }
    }

    /**
     * Whether no step allocated anything, but for one at most with less than a kilobyte: the JVM makes the string constants of a class when a method of
     * it is compiled by C2 for the first time, on the thread that was running it.
     */
    private static boolean quiet(long[] bytes) {
        return Arrays.stream(bytes).filter(each -> each != 0).count() <= 1
                && Arrays.stream(bytes).sum() < 1024;
    }

    @Test
    @DisplayName("100 training steps on two threads allocate no Java heap once they are compiled")
    void steps() throws Exception {
        // a process of its own: what other tests made of the profiles of shared methods decides what the compiler makes
        // of them
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AllocationTest.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }
}
