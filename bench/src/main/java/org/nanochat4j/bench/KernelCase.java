package org.nanochat4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.Zero;

/**
 * One op on operands of given types: what a row of a table of kernels is about.
 *
 * @param name of the row
 * @param op what to run
 * @param operands types of the operands
 * @param ids integers of operands are below this
 */
public record KernelCase(String name, Op op, List<TensorType> operands, int ids) {
    private static final int HEAD = 64;
    private static final float CAP = 15f;
    private static final float EPS = 0x1p-23f;

    private static KernelCase of(String name, Op op, TensorType... operands) {
        return new KernelCase(name, op, List.of(operands), 1);
    }

    /**
     * A matrix product (M, K) x (K, N).
     *
     * @param m rows of the result
     * @param n columns of the result
     * @param k inner extent
     * @param transposed NN, NT or TN: which operand is stored transposed
     * @param dtype F32 or BF16, of operands and result
     * @return the case
     */
    public static KernelCase gemm(int m, int n, int k, String transposed, DType dtype) {
        boolean ta = transposed.charAt(0) == 'T';
        boolean tb = transposed.charAt(1) == 'T';
        return of(
                m + "x" + n + "x" + k + " " + transposed + suffix(dtype),
                new MatMul(ta, tb),
                new TensorType(dtype, ta ? Shape.of(k, m) : Shape.of(m, k)),
                new TensorType(dtype, tb ? Shape.of(n, k) : Shape.of(k, n)));
    }

    /** What a name says of a type that is not the usual one. */
    private static String suffix(DType dtype) {
        return dtype == DType.F32 ? "" : ", " + dtype.name().toLowerCase(Locale.ROOT);
    }

    /**
     * The products of a block's three kinds of weights: (C, C), (4C, C) and (C, 4C), C = 64 times the depth. Forward is NT, the gradient of the
     * input NN, the gradient of the weight TN.
     *
     * @param depth of the model
     * @param tokens of a micro-batch
     * @param dtype F32 or BF16
     * @return nine cases
     */
    public static List<KernelCase> gemms(int depth, int tokens, DType dtype) {
        int c = HEAD * depth;
        List<KernelCase> cases = new ArrayList<>();
        for (int[] weight : new int[][] {{c, c}, {4 * c, c}, {c, 4 * c}}) {
            cases.add(gemm(tokens, weight[0], weight[1], "NT", dtype));
            cases.add(gemm(tokens, weight[1], weight[0], "NN", dtype));
            cases.add(gemm(weight[0], weight[1], tokens, "TN", dtype));
        }
        return cases;
    }

    /**
     * Attention forward and backward.
     *
     * @param rows B
     * @param time T
     * @param heads H
     * @param size D, channels of a head
     * @param window keys before the own one that are seen
     * @param dtype F32 or BF16, of all but the log-sum-exp
     * @return two cases
     */
    public static List<KernelCase> attention(int rows, int time, int heads, int size, int window, DType dtype) {
        TensorType x = new TensorType(dtype, Shape.of(rows, time, heads, size));
        float scale = (float) (1 / Math.sqrt(size));
        String shape = rows + "x" + time + ", " + heads + " heads of " + size
                + (window < time ? ", window " + window : "") + suffix(dtype);
        return List.of(
                of("forward " + shape, new CausalAttention(window, scale), x, x, x),
                of(
                        "backward " + shape,
                        new CausalAttentionGrad(window, scale),
                        x,
                        x,
                        x,
                        x,
                        TensorType.f32(rows, heads, time),
                        x));
    }

    /**
     * The loss with its vocabulary projection, without gradients and with.
     *
     * @param tokens rows
     * @param channels width
     * @param vocabulary columns
     * @param dtype F32 or BF16, of rows and weights
     * @return two cases
     */
    public static List<KernelCase> loss(int tokens, int channels, int vocabulary, DType dtype) {
        List<TensorType> operands = List.of(
                new TensorType(dtype, Shape.of(tokens, channels)),
                new TensorType(dtype, Shape.of(vocabulary, channels)),
                TensorType.i32(tokens));
        String shape = tokens + "x" + channels + ", vocabulary " + vocabulary + suffix(dtype);
        return List.of(
                new KernelCase(
                        "evaluate " + shape, new SoftcapCrossEntropy(CAP, vocabulary, false), operands, vocabulary),
                new KernelCase("train " + shape, new SoftcapCrossEntropy(CAP, vocabulary, true), operands, vocabulary));
    }

    /**
     * Kernels that do little work on each number.
     *
     * @param rows N, a multiple of 512
     * @param channels C, a multiple of 64
     * @return the cases
     */
    public static List<KernelCase> memoryBound(int rows, int channels) {
        TensorType x = TensorType.f32(rows, channels);
        TensorType ids = TensorType.i32(rows);
        int time = Math.min(rows, 512);
        TensorType heads = TensorType.f32(rows / time, time, channels / HEAD, HEAD);
        TensorType turns = TensorType.f32(time, HEAD / 2);
        return List.of(
                of("Add", new Add(), x, x),
                of("ScaleBy", new ScaleBy(), x, TensorType.f32(1)),
                of("ReluSquared", new ReluSquared(), x),
                of("ReluSquaredGrad", new ReluSquaredGrad(), x, x),
                of("RmsNorm", new RmsNorm(EPS), x),
                of("RmsNormGrad", new RmsNormGrad(EPS), x, x),
                of("Rope", new Rope(false), heads, turns, turns, TensorType.i32(rows / time)),
                new KernelCase("Embedding", new Embedding(), List.of(x, ids), rows),
                new KernelCase("EmbeddingGrad", new EmbeddingGrad(rows), List.of(x, ids), rows),
                of("Accumulate", new Accumulate(), x, x),
                of("Zero", new Zero(), x),
                of("AdamWStep", new AdamWStep(0.9f, 0.95f, 1e-10f, 0.01f), x, x, x, x, TensorType.f32(3)));
    }
}
