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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.DecodeWeights;
import org.nanochat4j.model.GenerationPrograms;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.KvCache;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.TrainingPrograms;
import org.nanochat4j.model.WeightFormat;

/** Replaying a compiled training step, or one token of generation, leaves no garbage: not on the calling thread, and not on the pool's workers. */
class AllocationTest {
    private static final int THREADS = 2;
    private static final int STEPS = 100;
    private static final String TRAINING = "training";
    private static final String TRAINING_BF16 = "training in BF16";
    private static final String GENERATION_BF16 = "generation in BF16";

    /** The compiler is done long before; a machine under load takes longer. */
    private static final long DEADLINE_SECONDS = 180;

    private static final ThreadMXBean BEAN = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Something that is done again and again. */
    private interface Steps {
        void step();

        /** A number that the last step computed. */
        float result();
    }

    /** Tokens of a small GPT over a cache, each forced. */
    private static final class Generation implements Steps {
        private static final int CAPACITY = 64;

        private final Engine engine;
        private final GenerationPrograms programs;
        private final Executable decode;
        private final int[] token = new int[1];
        private final int[] position = new int[1];
        private final float[] logits;
        private final MemorySegment tokenBytes = MemorySegment.ofArray(token);
        private final MemorySegment positionBytes = MemorySegment.ofArray(position);
        private final MemorySegment logitBytes;

        Generation(Engine engine, GptConfig config, DType compute, WeightFormat format) {
            this.engine = engine;
            Gpt gpt = new Gpt(config, compute);
            gpt.initialise(engine, 42);
            DecodeWeights weights = DecodeWeights.declare(gpt.parameters(), format);
            weights.fill(engine);
            programs = GenerationPrograms.of(gpt, KvCache.declare(config, 1, CAPACITY), weights, 0);
            decode = engine.compile(engine.plan(List.of(programs.decode()))).getFirst();
            logits = new float[config.vocabularySize()];
            logitBytes = MemorySegment.ofArray(logits);
        }

        @Override
        public void step() {
            token[0] = (token[0] + 7) % logits.length;
            position[0] = (position[0] + 1) % CAPACITY;
            engine.write(programs.token(), 0, tokenBytes);
            engine.write(programs.cache().positions(), 0, positionBytes);
            decode.run();
            engine.read(programs.logits(), 0, logitBytes);
        }

        @Override
        public float result() {
            return logits[0];
        }
    }

    /** A run of a small GPT whose every buffer exists before the first step. */
    private static final class Run implements Steps {
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

        Run(Engine engine, GptConfig config, DType compute, int batch) {
            this.engine = engine;
            Gpt gpt = new Gpt(config, compute);
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
        @Override
        public void step() {
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

        @Override
        public float result() {
            return loss[0];
        }
    }

    private static Steps steps(String what, Engine engine) {
        GptConfig config = new GptConfig(64, 257, 3, 4, 2, 128, "SL", Architecture.CURRENT);
        return switch (what) {
            case TRAINING -> new Run(engine, config, DType.F32, 2);
            case TRAINING_BF16 -> new Run(engine, config, DType.BF16, 2);
            case GENERATION_BF16 -> new Generation(engine, config, DType.BF16, WeightFormat.BF16);
            default -> new Generation(engine, config, DType.F32, WeightFormat.valueOf(what));
        };
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

    /** Takes steps of the kind that the argument names in this process until the last {@link #STEPS} were quiet enough, and says so; exit code 1 if time is up before. */
    public static void main(String[] args) {
        if (!BEAN.isThreadAllocatedMemorySupported()) {
            System.out.println("this JVM counts no allocations");
            System.exit(1);
        }
        try (Engine engine = Engine.open("cpu", new BackendOptions(THREADS))) {
            Steps steps = steps(args[0], engine);
            long[] threads = threads();
            if (threads.length < THREADS) {
                System.out.println("no worker thread was found");
                System.exit(1);
            }
            long deadline = System.nanoTime() + DEADLINE_SECONDS * 1_000_000_000;
            long[] last = new long[STEPS];
            boolean quiet = false;
            int count = 0;
            while (!quiet && System.nanoTime() < deadline) {
                long before = allocated(threads);
                steps.step();
                last[++count % STEPS] = allocated(threads) - before;
                quiet = count > STEPS && quiet(last);
            }
            System.out.printf(
                    "%d steps, result %f, bytes allocated by each of the last %d: %s%n",
                    count, steps.result(), STEPS, Arrays.toString(last));
            System.exit(quiet && Float.isFinite(steps.result()) ? 0 : 1);
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

    @ParameterizedTest
    @ValueSource(strings = {TRAINING, TRAINING_BF16, GENERATION_BF16, "F32", "BF16", "INT8"})
    @DisplayName(
            "100 training steps, or tokens generated with weights of a format, allocate no Java heap on two threads once they are compiled")
    void steps(String what) throws Exception {
        // a process of its own: what other tests made of the profiles of shared methods decides what the compiler makes
        // of them
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AllocationTest.class.getName(),
                        what)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }
}
