package org.nanochat4j.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole training step of a small GPT on random tokens: tokens per second stand in the counter of that name. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 10)
@Measurement(iterations = 3, time = 10)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class TrainingStepBenchmark {
    private static final int SEQUENCE = 512;

    /** The one dial. */
    @Param("4")
    int depth = 4;

    /** Vocabulary; the last projection is most of the work at small depths. */
    @Param("32768")
    int vocabulary = 32768;

    /** Rows of a micro-step. */
    @Param("8")
    int batch = 8;

    /** Micro-steps per update. */
    @Param("4")
    int accumulation = 4;

    /** CPU threads. */
    @Param("2")
    int threads = 2;

    private Engine engine = Engine.open("cpu", new BackendOptions(1));
    private List<Executable> executables = List.of();

    /** Counts tokens beside steps. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Tokens {
        /** Tokens trained on, per second in the report. */
        public double tokens;

        /** Starts an iteration. */
        @Setup(Level.Iteration)
        public void clear() {
            tokens = 0;
        }
    }

    /** Records, plans, compiles and initialises. */
    @Setup
    public void compile() {
        engine.close();
        engine = Engine.open("cpu", new BackendOptions(threads));
        Gpt gpt = new Gpt(GptConfig.ofDepth(depth, 64, 64, SEQUENCE, vocabulary, "L", Architecture.CURRENT));
        List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
        TrainingPrograms programs = TrainingPrograms.record(gpt, groups, batch, SEQUENCE, accumulation);
        executables = engine.compile(engine.plan(programs.programs()));
        gpt.initialise(engine, 42);
        int[] ids = new int[batch * SEQUENCE];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) (i * 7919L % vocabulary);
        }
        engine.write(programs.ids(), ids);
        engine.write(programs.targets(), ids);
        for (ParamGroup group : groups) {
            engine.write(group.hyper(), new float[] {1e-4f, 0.9f, 0.5f});
        }
    }

    /** Micro-steps, norms and one update. */
    @Benchmark
    public void step(Tokens counter) {
        for (int i = 0; i < accumulation; i++) {
            executables.get(0).run();
        }
        executables.get(3).run();
        executables.get(1).run();
        counter.tokens += (double) accumulation * batch * SEQUENCE;
    }

    /** Releases threads and memory. */
    @TearDown
    public void close() {
        engine.close();
    }
}
