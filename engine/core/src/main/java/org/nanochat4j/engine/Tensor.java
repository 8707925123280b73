package org.nanochat4j.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.ArgMax;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.Cast;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.Concat;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Mix;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.Pad;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.Reshape;
import org.nanochat4j.engine.op.RmsNorm;
import org.nanochat4j.engine.op.Rope;
import org.nanochat4j.engine.op.RowDot;
import org.nanochat4j.engine.op.Scale;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.ScaleRows;
import org.nanochat4j.engine.op.ShiftTime;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.Slice;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.Sum;
import org.nanochat4j.engine.op.SumRows;
import org.nanochat4j.engine.op.SumSquares;
import org.nanochat4j.engine.op.TopKSample;

/**
 * A value in a computation: element type, shape, and the interpreter that knows its data.
 *
 * <p>Contiguous, row-major, of static shape. Every method builds an {@link Op} and hands it to the interpreter of its operands, which computes it now or
 * records it; shape errors are raised here, with the caller's line. Dimension letters: B batch, T time, C channels, H heads, D head size, V vocabulary.
 */
public final class Tensor {
    private final TensorType type;
    private final @Nullable Interpreter owner;
    private final Object handle;

    Tensor(TensorType type, @Nullable Interpreter owner, Object handle) {
        this.type = type;
        this.owner = owner;
        this.handle = handle;
    }

    /** {@return element type and shape} */
    public TensorType type() {
        return type;
    }

    /** {@return the extents} */
    public Shape shape() {
        return type.shape();
    }

    /** {@return what this tensor is known by: a {@link Variable}, or a value of its interpreter's own kind} */
    public Object handle() {
        return handle;
    }

    @Nullable
    Interpreter owner() {
        return owner;
    }

    /**
     * Applies an op in the interpreter of its operands, or of this tensor where they are bare variables.
     *
     * @param op what to do
     * @param inputs operands
     * @return the results
     */
    public List<Tensor> apply(Op op, List<Tensor> inputs) {
        Interpreter interpreter = owner != null ? owner : Interpreter.of(op, inputs);
        return interpreter.apply(op, inputs);
    }

    /**
     * Applies an op with exactly one result.
     *
     * @param op what to do
     * @param inputs operands
     * @return the result
     */
    public Tensor apply(Op op, Tensor... inputs) {
        return apply(op, List.of(inputs)).getFirst();
    }

    /**
     * Matrix product; leading dimensions of this tensor are flattened to rows where b is a matrix.
     *
     * @param b (K, N), or a stack of matrices where this is one too
     * @return (..., N)
     */
    public Tensor matmul(Tensor b) {
        return product(new MatMul(false, false), b);
    }

    /**
     * Matrix product with a transposed matrix, as weights are stored: {@code x Wᵀ}.
     *
     * @param b (N, K) of this type; BF16 to F32 rows for inference
     * @return (..., N)
     */
    public Tensor matmulTransposed(Tensor b) {
        return product(new MatMul(false, true), b);
    }

    /**
     * Matrix product with a transposed matrix of small integers, each row with a scale: {@code y[j] = scale[j] Σ x[p] w[j][p]}, for inference.
     *
     * @param w I8 (N, K)
     * @param scales (N)
     * @return (..., N)
     */
    public Tensor matmulTransposed(Tensor w, Tensor scales) {
        return product(new MatMul(false, true), w, scales);
    }

    /** Applies a product to this tensor as rows; the first of the weights is the matrix. */
    private Tensor product(MatMul op, Tensor... weights) {
        boolean asIs = weights[0].shape().rank() != 2 || shape().rank() == 2;
        Tensor rows = asIs
                ? this
                : shape().rank() == 1 ? reshape(1, shape().last()) : reshape(shape().rows(), shape().last());
        List<Tensor> operands = new ArrayList<>(List.of(weights));
        operands.addFirst(rows);
        Tensor result = rows.apply(op, operands).getFirst();
        if (asIs) {
            return result;
        }
        return shape().rank() == 1
                ? result.reshape(result.shape().last())
                : result.reshape(shape().with(-1, result.shape().last()));
    }

    /**
     * The same elements under another shape.
     *
     * @param dims extents; their product does not change
     * @return a view
     */
    public Tensor reshape(int... dims) {
        return reshape(Shape.of(dims));
    }

    /**
     * The same elements under another shape.
     *
     * @param shape as many elements
     * @return a view, or this tensor if the shape is its own
     */
    public Tensor reshape(Shape shape) {
        return shape.equals(shape()) ? this : apply(new Reshape(shape), this);
    }

    /**
     * Sum of elements, or a row vector added to every row.
     *
     * @param b same type, or (C)
     * @return the sum
     */
    public Tensor add(Tensor b) {
        return apply(new Add(), this, b);
    }

    /**
     * Difference of elements.
     *
     * @param b same type
     * @return {@code this - b}
     */
    public Tensor sub(Tensor b) {
        return axpby(1f, b, -1f);
    }

    /**
     * Product of elements.
     *
     * @param b same type
     * @return the product
     */
    public Tensor mul(Tensor b) {
        return apply(new Mul(), this, b);
    }

    /**
     * Sum with constant weights.
     *
     * @param alpha weight of this tensor
     * @param b same type
     * @param beta weight of b
     * @return {@code alpha * this + beta * b}
     */
    public Tensor axpby(float alpha, Tensor b, float beta) {
        return apply(new Axpby(alpha, beta), this, b);
    }

    /**
     * Sum with weights that are tensors.
     *
     * @param s weight of this tensor (1)
     * @param b same type
     * @param t weight of b (1)
     * @return {@code s * this + t * b}
     */
    public Tensor mix(Tensor s, Tensor b, Tensor t) {
        return apply(new Mix(), s, this, t, b);
    }

    /**
     * Product with a constant.
     *
     * @param alpha the constant
     * @return {@code alpha * this}
     */
    public Tensor scale(float alpha) {
        return apply(new Scale(alpha), this);
    }

    /**
     * Product with a single number held in a tensor.
     *
     * @param s (1)
     * @return {@code s * this}
     */
    public Tensor scaleBy(Tensor s) {
        return apply(new ScaleBy(), this, s);
    }

    /**
     * Product of each row with its own number.
     *
     * @param s this shape without its last dimension
     * @return {@code s[...] * this[..., :]}
     */
    public Tensor scaleRows(Tensor s) {
        return apply(new ScaleRows(), this, s);
    }

    /**
     * Dot product of each pair of rows.
     *
     * @param b same type
     * @return this shape without its last dimension
     */
    public Tensor rowDot(Tensor b) {
        return apply(new RowDot(), this, b);
    }

    /**
     * Sum of all products.
     *
     * @param b same type
     * @return (1)
     */
    public Tensor dot(Tensor b) {
        return apply(new Dot(), this, b);
    }

    /** {@return the sum of all elements (1)} */
    public Tensor sum() {
        return apply(new Sum(), this);
    }

    /** {@return the mean of all elements (1)} */
    public Tensor mean() {
        return sum().scale(1f / shape().elements());
    }

    /** {@return the sum over all dimensions but the last (C)} */
    public Tensor sumRows() {
        return apply(new SumRows(), this);
    }

    /** {@return the sum of all squares (1)} */
    public Tensor sumSquares() {
        return apply(new SumSquares(), this);
    }

    /** {@return {@code max(this, 0)²}} */
    public Tensor reluSquared() {
        return apply(new ReluSquared(), this);
    }

    /** {@return {@code 1 / (1 + exp(-this))}} */
    public Tensor sigmoid() {
        return apply(new Sigmoid(), this);
    }

    /**
     * Root-mean-square normalisation over the last dimension.
     *
     * @param eps added to the mean square
     * @return the same type
     */
    public Tensor rmsNorm(float eps) {
        return apply(new RmsNorm(eps), this);
    }

    /**
     * Rotary position embedding of (B, T, H, D).
     *
     * @param cos (P, D/2)
     * @param sin (P, D/2)
     * @param start I32 (B), position of the first token of each row
     * @return the same type
     */
    public Tensor rope(Tensor cos, Tensor sin, Tensor start) {
        return apply(new Rope(false), this, cos, sin, start);
    }

    /**
     * Causal attention with this tensor (B, T, H, D) as queries.
     *
     * @param k keys (B, T, Hkv, D)
     * @param v values (B, T, Hkv, D)
     * @param window keys before the own position that are visible
     * @param scale factor of the scores
     * @return (B, T, H, D)
     */
    public Tensor causalAttention(Tensor k, Tensor v, int window, float scale) {
        return apply(new CausalAttention(window, scale), List.of(this, k, v)).getFirst();
    }

    /**
     * Rows of this table (V, C) by id.
     *
     * @param ids I32 (...)
     * @return (..., C)
     */
    public Tensor embedding(Tensor ids) {
        return apply(new Embedding(), this, ids);
    }

    /**
     * Moves rows along time, zeros come in.
     *
     * @param steps positive towards later times
     * @return the same type (B, T, C)
     */
    public Tensor shiftTime(int steps) {
        return apply(new ShiftTime(steps), this);
    }

    /**
     * A range along one axis.
     *
     * @param axis which dimension; negative counts from the last
     * @param start first index
     * @param length how many
     * @return the range, or this tensor if it is all of it
     */
    public Tensor slice(int axis, int start, int length) {
        int positive = axis < 0 ? shape().rank() + axis : axis;
        boolean exists = positive >= 0 && positive < shape().rank(); // if not, the op's shape rule says so
        boolean whole = exists && start == 0 && length == shape().dim(positive);
        return whole ? this : apply(new Slice(positive, start, length), this);
    }

    /**
     * Zeros before and after along one axis.
     *
     * @param axis which dimension; negative counts from the last
     * @param before zeros in front
     * @param after zeros behind
     * @return the padded tensor
     */
    public Tensor pad(int axis, int before, int after) {
        return apply(new Pad(axis < 0 ? shape().rank() + axis : axis, before, after), this);
    }

    /**
     * Joins another tensor behind this one.
     *
     * @param axis which dimension; negative counts from the last
     * @param other equal in all other extents
     * @return both
     */
    public Tensor concat(int axis, Tensor other) {
        return apply(new Concat(axis < 0 ? shape().rank() + axis : axis), this, other);
    }

    /**
     * Conversion to another floating-point type.
     *
     * @param dtype F32 or BF16
     * @return the same shape, or this tensor if it has the type already
     */
    public Tensor cast(DType dtype) {
        return dtype == type.dtype() ? this : apply(new Cast(dtype), this);
    }

    /**
     * Mean cross entropy of softcapped logits, fused with the vocabulary projection of this tensor (N, C).
     *
     * @param w (Vp, C) of the same type; its gradient is F32
     * @param targets I32 (N), -1 = ignored
     * @param cap bound of the logits; positive infinity for none
     * @param vocabulary rows of w that count
     * @return the mean over the targets that count (1), and the loss of each row (N)
     */
    public Loss softcapCrossEntropy(Tensor w, Tensor targets, float cap, int vocabulary) {
        List<Tensor> operands = List.of(this, w, targets);
        Op plain = new SoftcapCrossEntropy(cap, vocabulary, false);
        Interpreter interpreter = owner != null ? owner : Interpreter.of(plain, operands);
        boolean differentiated = interpreter.isDifferentiating();
        List<Tensor> results =
                interpreter.apply(differentiated ? new SoftcapCrossEntropy(cap, vocabulary, true) : plain, operands);
        return new Loss(results.get(0), results.get(1));
    }

    /**
     * Both forms of a loss.
     *
     * @param mean over the targets that count (1); differentiable
     * @param rows of each row (N), 0 where ignored
     */
    public record Loss(Tensor mean, Tensor rows) {}

    /**
     * Softcapped logits of this tensor (N, C), for inference.
     *
     * @param w (Vp, C) of this type, or BF16
     * @param cap bound of the logits; positive infinity for none
     * @param vocabulary rows of w that count
     * @return (N, vocabulary)
     */
    public Tensor logits(Tensor w, float cap, int vocabulary) {
        return apply(new Logits(cap, vocabulary), this, w);
    }

    /**
     * Softcapped logits of this tensor (N, C) with weights of small integers, for inference.
     *
     * @param w I8 (Vp, C)
     * @param scales of its rows (Vp)
     * @param cap bound of the logits; positive infinity for none
     * @param vocabulary rows of w that count
     * @return (N, vocabulary)
     */
    public Tensor logits(Tensor w, Tensor scales, float cap, int vocabulary) {
        return apply(new Logits(cap, vocabulary), this, w, scales);
    }

    /** {@return the index of the largest element of each row, I32 (N)} */
    public Tensor argMax() {
        return apply(new ArgMax(), this);
    }

    /**
     * Draws one token per row of these logits (N, V).
     *
     * @param k how many candidates; 0 for all
     * @param temperature (1); 0 takes the largest
     * @param uniform (N), numbers in [0, 1)
     * @return I32 (N)
     */
    public Tensor topKSample(int k, Tensor temperature, Tensor uniform) {
        return apply(new TopKSample(k), this, temperature, uniform);
    }

    @Override
    public String toString() {
        return "Tensor " + type;
    }
}
