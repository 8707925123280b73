package org.nanochat4j.bench;

import java.util.concurrent.TimeUnit;
import org.nanochat4j.engine.DType;
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

/** F32 matrix products at the shapes of nanochat: GFLOP/s stand in the counter of that name. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class MatMulBenchmark {
    /** Rows, columns and inner extent of the product. */
    @Param({"2048x2048x2048", "4096x256x256", "4096x1024x256", "4096x256x1024"})
    String shape = "2048x2048x2048";

    /** Which operand is stored transposed. */
    @Param({"NT", "NN", "TN"})
    String transposed = "NT";

    /** CPU threads. */
    @Param("2")
    int threads = 2;

    private Replay replay = new Replay(KernelCase.gemm(1, 1, 1, "NN", DType.F32), Target.cpu(1));

    /** Counts floating-point work beside operations. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Work {
        /** Units of 1e9 floating-point operations, per second in the report. */
        public double gflop;

        /** Starts an iteration. */
        @Setup(Level.Iteration)
        public void clear() {
            gflop = 0;
        }
    }

    /** Compiles the product. */
    @Setup
    public void compile() {
        String[] extents = shape.split("x", -1);
        int m = Integer.parseInt(extents[0]);
        int n = Integer.parseInt(extents[1]);
        int k = Integer.parseInt(extents[2]);
        replay.close();
        replay = new Replay(KernelCase.gemm(m, n, k, transposed, DType.F32), Target.cpu(threads));
    }

    /** One product. */
    @Benchmark
    public void product(Work work) {
        replay.run();
        work.gflop += replay.cost().flops() * 1e-9;
    }

    /** Releases threads and memory. */
    @TearDown
    public void close() {
        replay.close();
    }
}
