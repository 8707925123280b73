package org.nanochat4j.engine.reference;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.ArgMax;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.Cast;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Concat;
import org.nanochat4j.engine.op.CustomOp;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.Fill;
import org.nanochat4j.engine.op.KvAppend;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Mix;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.MuonMomentum;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.Pad;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.Reshape;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.RmsNormGrad;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.op.RowDot;
import org.nanochat4j.engine.op.Scale;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.ScaleRows;
import org.nanochat4j.engine.op.ShiftTime;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.SigmoidGrad;
import org.nanochat4j.engine.op.Slice;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.Sum;
import org.nanochat4j.engine.op.SumRows;
import org.nanochat4j.engine.op.SumSquares;
import org.nanochat4j.engine.op.TopKSample;
import org.nanochat4j.engine.op.Zero;

/**
 * Computes every op now, by loops that follow its definition word for word, in double precision.
 *
 * <p>F32 tensors hold doubles here, so that gradient rules can be checked against central differences; only BF16 is rounded, once by each op. The switch is exhaustive: an
 * op without its naive twin does not compile. Slow by design.
 */
public final class ReferenceInterpreter extends Interpreter {
    private final Map<Variable, ReferenceBuffer> variables = new IdentityHashMap<>();

    /** An interpreter whose variables are all zero. */
    public ReferenceInterpreter() {}

    /**
     * Writes all of a variable.
     *
     * @param variable which
     * @param values row-major
     */
    public void write(Variable variable, double[] values) {
        ReferenceBuffer buffer = buffer(variable);
        requireLength(variable.name(), variable.type(), values.length);
        for (int i = 0; i < values.length; i++) {
            buffer.set(i, values[i]);
        }
    }

    /**
     * Writes all of a variable.
     *
     * @param variable which
     * @param values row-major
     */
    public void write(Variable variable, float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        write(variable, doubles);
    }

    /**
     * Writes all of an I32 variable.
     *
     * @param variable which
     * @param values row-major
     */
    public void write(Variable variable, int[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        write(variable, doubles);
    }

    /**
     * The numbers of a variable; zeros if it was never written.
     *
     * @param variable which
     * @return a copy, row-major
     */
    public double[] read(Variable variable) {
        return buffer(variable).values.clone();
    }

    /**
     * The numbers of a tensor of this interpreter.
     *
     * @param tensor a result, or a variable
     * @return a copy, row-major
     */
    public double[] read(Tensor tensor) {
        return buffer(tensor).values.clone();
    }

    /**
     * An F32 tensor with these numbers.
     *
     * @param values row-major
     * @param dims extents
     * @return the tensor
     */
    public Tensor tensor(double[] values, int... dims) {
        TensorType type = TensorType.f32(dims);
        requireLength("tensor", type, values.length);
        return tensor(type, new ReferenceBuffer(type, values.clone()));
    }

    private static void requireLength(String name, TensorType type, int length) {
        if (length != type.elements()) {
            throw new EngineException.BadData(name + " of shape " + type.shape() + " takes " + type.elements()
                    + " numbers, not " + length
                    + "\n  remedy: the product of the extents must equal the length of the array");
        }
    }

    private ReferenceBuffer buffer(Variable variable) {
        return variables.computeIfAbsent(variable, v -> new ReferenceBuffer(v.type()));
    }

    private ReferenceBuffer buffer(Tensor tensor) {
        return switch (handle(tensor)) {
            case Variable variable -> buffer(variable);
            case ReferenceBuffer buffer -> buffer;
            default -> throw new IllegalStateException("not a tensor of this interpreter: " + tensor);
        };
    }

    @Override
    protected List<Tensor> execute(Op op, List<Tensor> inputs, List<TensorType> types) {
        List<ReferenceBuffer> in = inputs.stream().map(this::buffer).toList();
        List<ReferenceBuffer> out = op.isView()
                ? List.of(new ReferenceBuffer(types.getFirst(), in.getFirst().values))
                : types.stream().map(ReferenceBuffer::new).toList();
        compute(op, new Operation(in, out));
        out.forEach(ReferenceBuffer::round);
        for (int i = 0; i < in.size(); i++) {
            if (op.writes(i)) {
                in.get(i).round();
            }
        }
        return out.stream().map(buffer -> tensor(buffer.type(), buffer)).toList();
    }

    /**
     * What a naive twin works on.
     *
     * @param in operands
     * @param out results, all zero
     */
    record Operation(List<ReferenceBuffer> in, List<ReferenceBuffer> out) {
        ReferenceBuffer in(int index) {
            return in.get(index);
        }

        ReferenceBuffer out(int index) {
            return out.get(index);
        }

        /** The elements of an operand. */
        double[] x(int index) {
            return in.get(index).values;
        }

        /** The elements of the first result. */
        double[] y() {
            return out.getFirst().values;
        }
    }

    private static void compute(Op op, Operation o) {
        switch (op) {
            case Reshape(var _) -> {}
            case CustomOp custom -> custom.compute(List.copyOf(o.in()), List.copyOf(o.out()));

            case Add() -> ReferenceElementwise.add(o);
            case Axpby(float alpha, float beta) -> ReferenceElementwise.axpby(o, alpha, beta);
            case Cast(var _) -> ReferenceElementwise.cast(o);
            case Fill(var _, float value) -> ReferenceElementwise.fill(o, value);
            case Mix() -> ReferenceElementwise.mix(o);
            case Mul() -> ReferenceElementwise.mul(o);
            case ReluSquared() -> ReferenceElementwise.reluSquared(o);
            case ReluSquaredGrad() -> ReferenceElementwise.reluSquaredGrad(o);
            case Scale(float alpha) -> ReferenceElementwise.scale(o, alpha);
            case ScaleBy() -> ReferenceElementwise.scaleBy(o);
            case ScaleRows() -> ReferenceElementwise.scaleRows(o);
            case Sigmoid() -> ReferenceElementwise.sigmoid(o);
            case SigmoidGrad() -> ReferenceElementwise.sigmoidGrad(o);
            case Accumulate() -> ReferenceElementwise.accumulate(o);
            case Assign() -> ReferenceElementwise.assign(o);
            case Zero() -> ReferenceElementwise.zero(o);

            case Dot() -> ReferenceRows.dot(o);
            case RmsNorm(float eps) -> ReferenceRows.rmsNorm(o, eps);
            case RmsNormGrad(float eps) -> ReferenceRows.rmsNormGrad(o, eps);
            case RowDot() -> ReferenceRows.rowDot(o);
            case Sum() -> ReferenceRows.sum(o);
            case SumRows() -> ReferenceRows.sumRows(o);
            case SumSquares() -> ReferenceRows.sumSquares(o);

            case Concat(int axis) -> ReferenceLayout.concat(o, axis);
            case KvAppend() -> ReferenceLayout.kvAppend(o);
            case Pad(int axis, int before, int _) -> ReferenceLayout.pad(o, axis, before);
            case ShiftTime(int steps) -> ReferenceLayout.shiftTime(o, steps);
            case Slice(int axis, int start, int _) -> ReferenceLayout.slice(o, axis, start);
            case Embedding() -> ReferenceLayout.embedding(o);
            case EmbeddingGrad(int _) -> ReferenceLayout.embeddingGrad(o);

            case MatMul(boolean transposeA, boolean transposeB) -> ReferenceLoss.matmul(o, transposeA, transposeB);
            case Logits(float cap, int _) -> ReferenceLoss.logits(o, cap);
            case SoftcapCrossEntropy(float cap, int vocabulary, boolean differentiated) ->
                ReferenceLoss.crossEntropy(o, cap, vocabulary, differentiated);
            case ArgMax() -> ReferenceLoss.argMax(o);
            case TopKSample(int k) -> ReferenceLoss.topKSample(o, k);

            case Rope(boolean inverse) -> ReferenceAttention.rope(o, inverse);
            case CausalAttention(int window, float scale) -> ReferenceAttention.causal(o, window, scale);
            case CausalAttentionGrad(int window, float scale) -> ReferenceAttention.causalGrad(o, window, scale);
            case CachedAttention(int window, float scale) -> ReferenceAttention.cached(o, window, scale);

            case AdamWStep step -> ReferenceOptim.adamW(o, step);
            case MuonMomentum() -> ReferenceOptim.muonMomentum(o);
            case MuonNormalize() -> ReferenceOptim.muonNormalize(o);
            case MuonUpdate(float beta2) -> ReferenceOptim.muonUpdate(o, beta2);
        }
    }
}
