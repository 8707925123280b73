package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.ArgMax;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.Cast;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.KvAppend;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.MuonMomentum;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.Slice;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.SumRows;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.program.Step;

/**
 * One op on random operands, for the self-check. Extents lie off the edges of tiles and groups, where mistakes show.
 *
 * @param op what to compute
 * @param operands on what
 */
record Probe(Op op, List<Operand> operands) {
    private static final float SCALE = 0.25f;

    /**
     * Random numbers.
     *
     * @param type element type and shape
     * @param low least number
     * @param high largest number
     */
    record Operand(TensorType type, double low, double high) {
        MemorySegment draw(Random random) {
            int n = Math.toIntExact(type.elements());
            if (type.dtype() == DType.I32) {
                int[] ids = random.ints(n, (int) low, (int) high + 1).toArray();
                return MemorySegment.ofArray(ids);
            }
            float[] numbers = new float[n];
            short[] halves = new short[n];
            for (int i = 0; i < n; i++) {
                numbers[i] = (float) (low + (high - low) * random.nextDouble());
                halves[i] = Bf16.bits(numbers[i]);
            }
            return type.dtype() == DType.BF16 ? MemorySegment.ofArray(halves) : MemorySegment.ofArray(numbers);
        }
    }

    private static Operand f32(int... dims) {
        return new Operand(TensorType.f32(dims), -1, 1);
    }

    private static Operand bf16(int... dims) {
        return new Operand(new TensorType(DType.BF16, Shape.of(dims)), -1, 1);
    }

    private static Operand positive(int... dims) {
        return new Operand(TensorType.f32(dims), 0.1, 0.9);
    }

    private static Operand ids(int most, int... dims) {
        return new Operand(TensorType.i32(dims), 0, most);
    }

    private static Probe of(Op op, Operand... operands) {
        return new Probe(op, Arrays.asList(operands));
    }

    /** The op as a step of its own. */
    Step step() {
        Recorder recorder = new Recorder(op.name());
        recorder.apply(
                op,
                operands.stream()
                        .map(operand -> recorder.use(new Variable("operand", operand.type(), Variable.Role.INPUT)))
                        .toList());
        return recorder.finish().steps().getFirst();
    }

    /** All probes, one or more for each kind of kernels. */
    static List<Probe> all() {
        Operand q = f32(2, 67, 4, 24);
        Operand k = f32(2, 67, 2, 24);
        Operand narrowQ = bf16(2, 67, 4, 24);
        Operand narrowK = bf16(2, 67, 2, 24);
        return List.of(
                of(new Add(), f32(31, 37), f32(31, 37)),
                of(new Sigmoid(), f32(1031)),
                of(new Slice(1, 3, 9), f32(7, 19, 5)),
                of(new Rope(false), f32(2, 9, 3, 16), f32(20, 8), f32(20, 8), ids(11, 2)),
                of(new RmsNorm(1e-6f), f32(33, 301)),
                of(new RmsNormGrad(1e-6f), f32(33, 301), f32(33, 301)),
                of(new SumRows(), f32(45, 77)),
                of(new Dot(), f32(9001), f32(9001)),
                of(new MatMul(false, false), f32(67, 35), f32(35, 131)),
                of(new MatMul(false, true), f32(64, 48), f32(128, 48)),
                of(new MatMul(true, false), f32(3, 35, 67), f32(3, 35, 65)),
                of(new CausalAttention(29, SCALE), q, k, k),
                of(new CausalAttentionGrad(29, SCALE), q, k, k, q, new Operand(TensorType.f32(2, 4, 67), 4, 5), q),
                of(new KvAppend(), f32(2, 150, 2, 24), f32(2, 5, 2, 24), ids(140, 2)),
                of(
                        new CachedAttention(100, SCALE),
                        f32(2, 1, 4, 24),
                        f32(2, 150, 2, 24),
                        f32(2, 150, 2, 24),
                        ids(149, 2)),
                of(new SoftcapCrossEntropy(15, 301, true), f32(37, 40), f32(304, 40), ids(300, 37)),
                of(new Embedding(), f32(61, 40), ids(60, 3, 50)),
                of(new EmbeddingGrad(61), f32(3, 50, 40), ids(60, 3, 50)),
                of(
                        new AdamWStep(0.8f, 0.95f, 1e-8f, 0.01f),
                        f32(1031),
                        f32(1031),
                        f32(1031),
                        positive(1031),
                        positive(3)),
                of(new MuonMomentum(), f32(2, 33, 20), positive(3), f32(33, 20), f32(33, 20)),
                of(new MuonNormalize(), f32(2, 33, 20)),
                of(new MuonUpdate(0.9f), positive(2, 1, 33), positive(3), f32(2, 20, 33), f32(20, 33), f32(20, 33)),
                of(new ArgMax(), f32(5, 1031)),
                of(new Cast(DType.BF16), new Operand(TensorType.f32(9001), -1e30, 1e30)),
                of(new Cast(DType.F32), bf16(1031)),
                of(new Mul(), bf16(31, 37), bf16(31, 37)),
                of(new RmsNorm(1e-6f), bf16(33, 301)),
                of(new SumRows(), bf16(45, 77)),
                of(new Dot(), bf16(9001), bf16(9001)),
                of(new MatMul(false, true), bf16(67, 35), bf16(131, 35)),
                of(new MatMul(false, false), bf16(128, 40), bf16(40, 64)),
                of(new MatMul(true, false), bf16(3, 35, 67), bf16(3, 35, 65)),
                of(new Logits(15, 131), bf16(67, 40), bf16(136, 40)),
                of(new CausalAttention(29, SCALE), narrowQ, narrowK, narrowK),
                of(
                        new CausalAttentionGrad(29, SCALE),
                        narrowQ,
                        narrowK,
                        narrowK,
                        narrowQ,
                        new Operand(TensorType.f32(2, 4, 67), 4, 5),
                        narrowQ),
                of(new SoftcapCrossEntropy(15, 301, true), bf16(37, 40), bf16(304, 40), ids(300, 37)),
                of(new EmbeddingGrad(61), bf16(3, 50, 40), ids(60, 3, 50)),
                of(new MuonNormalize(), bf16(2, 33, 20)));
    }
}
