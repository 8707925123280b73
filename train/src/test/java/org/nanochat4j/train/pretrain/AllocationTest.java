package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
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

    /** Steps until so many in a row have allocated nothing; how many in a row there were when time was up. */
    private static int quietSteps(Run run, long[] threads, int wanted) {
        long deadline = System.nanoTime() + DEADLINE_SECONDS * 1_000_000_000;
        int quiet = 0;
        while (quiet < wanted && System.nanoTime() < deadline) {
            long before = allocated(threads);
            run.step();
            quiet = allocated(threads) == before ? quiet + 1 : 0;
        }
        return quiet;
    }

    @Test
    @DisplayName("100 training steps on two threads allocate no byte of Java heap once they are compiled")
    void steps() {
        assertTrue(BEAN.isThreadAllocatedMemorySupported(), "this JVM counts no allocations");
        try (Engine engine = Engine.open("cpu", new BackendOptions(THREADS))) {
            Run run = new Run(engine, new GptConfig(64, 257, 3, 4, 2, 128, "SL", Architecture.CURRENT), 2);
            long[] threads = threads();
            assertTrue(threads.length >= THREADS, "no worker thread was found");
            assertEquals(STEPS, quietSteps(run, threads, STEPS), "steps in a row without an allocation");
            assertTrue(Float.isFinite(run.loss[0]), "loss " + run.loss[0]);
        }
    }
}
