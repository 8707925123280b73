package org.nanochat4j.engine.op;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;

/**
 * Matrix product {@code op(a) op(b)}, batched or not.
 *
 * <p>Operands: two matrices, or two stacks of equally many matrices (K, rows, columns). a is (m, k), or (k, m) when transposed; b is (k, n), or (n, k)
 * when transposed. Both are F32 or both BF16. Result: (m, n) or (K, m, n) of their type, accumulated in F32.
 *
 * <p>As a matrix of weights for inference, b (n, k) may also be BF16 where a is F32, or I8 with a third operand: a scale for each of its rows (n), so that
 * {@code y[i][j] = scale[j] Σ a[i][p] b[j][p]}. There is no gradient then.
 *
 * @param transposeA whether a is stored transposed
 * @param transposeB whether b is stored transposed
 */
public record MatMul(boolean transposeA, boolean transposeB) implements Op {
    @Override
    public List<TensorType> infer(Operands in) {
        in.weights(1, 0);
        Shape a = in.shape(0);
        Shape b = in.shape(1);
        in.check(
                in.type(1).dtype() == in.type(0).dtype() || (b.rank() == 2 && transposeB && !transposeA),
                in.type(1).dtype() + " weights of " + in.type(0).dtype()
                        + " rows must be one matrix (n, k), used transposed",
                "use matmulTransposed with the matrix as (n, k), or cast it with cast(DType."
                        + in.type(0).dtype() + ")");
        in.check(
                a.rank() == b.rank() && (a.rank() == 2 || (a.rank() == 3 && a.dim(0) == b.dim(0))),
                "operands must be two matrices, or two stacks of equally many",
                "flatten leading dimensions with reshape, or use Tensor.matmul which does so");
        int k = a.dim(transposeA ? -2 : -1);
        int other = b.dim(transposeB ? -1 : -2);
        in.check(
                k == other,
                "inner dimensions differ, " + k + " and " + other,
                "b must be (" + k + ", n), or pass transposeB for (n, " + k + ")");
        Shape result = a.with(-2, a.dim(transposeA ? -1 : -2)).with(-1, b.dim(transposeB ? -2 : -1));
        return List.of(in.type(0).withShape(result));
    }

    @Override
    public List<@Nullable Tensor> vjp(Backward back) {
        Tensor a = back.input(0);
        Tensor b = back.input(1);
        if (b.type().dtype() != a.type().dtype()) {
            throw back.none();
        }
        Tensor dy = back.gradient();
        // y = A B with A = op(a), B = op(b): dA = dy Bᵀ and dB = Aᵀ dy; a transposed operand takes the transposed
        // product.
        Tensor da =
                !back.wants(0) ? null : transposeA ? times(b, transposeB, dy, true) : times(dy, false, b, !transposeB);
        Tensor db =
                !back.wants(1) ? null : transposeB ? times(dy, true, a, transposeA) : times(a, !transposeA, dy, false);
        return Arrays.asList(da, db);
    }

    private static Tensor times(Tensor a, boolean transposeA, Tensor b, boolean transposeB) {
        return a.apply(new MatMul(transposeA, transposeB), List.of(a, b)).getFirst();
    }

    @Override
    public String insteadOfGradient() {
        return "differentiate the product with weights of the rows' own type";
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        long k = in.getFirst().shape().dim(transposeA ? -2 : -1);
        return Cost.of(2 * k * out.getFirst().elements(), in, out);
    }
}
