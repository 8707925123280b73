package org.nanochat4j.engine.op;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nanochat4j.engine.CallSite;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;

/**
 * The operand types that a shape rule looks at, with checks that raise errors carrying op, operands, call site and remedy.
 *
 * @param op the op they are for
 * @param types element type and shape of each operand
 */
public record Operands(Op op, List<TensorType> types) {
    /** {@return how many operands there are} */
    public int size() {
        return types.size();
    }

    /**
     * One operand's type.
     *
     * @param index which operand
     * @return element type and shape
     */
    public TensorType type(int index) {
        return types.get(index);
    }

    /**
     * One operand's shape.
     *
     * @param index which operand
     * @return the shape
     */
    public Shape shape(int index) {
        return types.get(index).shape();
    }

    /**
     * Requires a number of operands.
     *
     * @param count how many
     * @return this
     */
    public Operands count(int count) {
        return check(
                size() == count,
                "needs " + count + " operands, not " + size(),
                "see the op's Javadoc for its operands");
    }

    /**
     * Requires F32 for these operands.
     *
     * @param indices which operands
     * @return this
     */
    public Operands f32(int... indices) {
        return dtype(DType.F32, indices);
    }

    /**
     * Requires F32 or BF16, and the same of all, for these operands: an op is computed in F32 either way, and a BF16 result is rounded once.
     *
     * @param first one operand
     * @param others the others
     * @return this
     */
    public Operands floating(int first, int... others) {
        DType dtype = type(first).dtype();
        check(
                dtype == DType.F32 || dtype == DType.BF16,
                "operand " + letter(first) + " must be F32 or BF16, not " + dtype,
                "pass floating-point numbers");
        return dtype(dtype, others);
    }

    /**
     * Requires I32 for these operands.
     *
     * @param indices which operands
     * @return this
     */
    public Operands i32(int... indices) {
        return dtype(DType.I32, indices);
    }

    /**
     * Requires the last operands to be a matrix of weights for rows of F32 or BF16: of their type, of BF16, or of I8 and behind it one F32 scale for each of
     * the matrix's rows (rows).
     *
     * @param index which operand is the matrix
     * @param rows which operand it is multiplied with
     * @return this
     */
    public Operands weights(int index, int rows) {
        check(
                size() > index,
                "needs an operand " + letter(index) + " with weights",
                "see the op's Javadoc for its operands");
        DType stored = type(index).dtype();
        boolean scaled = stored == DType.I8;
        count(scaled ? index + 2 : index + 1).floating(rows);
        if (scaled) {
            return rank(index, 2)
                    .f32(index + 1)
                    .shape(index + 1, Shape.of(shape(index).dim(0)));
        }
        return stored == DType.BF16 ? this : floating(rows, index);
    }

    private Operands dtype(DType dtype, int... indices) {
        for (int index : indices) {
            check(
                    type(index).dtype() == dtype,
                    "operand " + letter(index) + " must be " + dtype + ", not "
                            + type(index).dtype(),
                    dtype == DType.I32 ? "pass integer ids or positions" : "cast it with cast(DType." + dtype + ")");
        }
        return this;
    }

    /**
     * Requires a number of dimensions.
     *
     * @param index which operand
     * @param rank how many dimensions
     * @return this
     */
    public Operands rank(int index, int rank) {
        return check(
                shape(index).rank() == rank,
                "operand " + letter(index) + " must have " + rank + " dimensions, not "
                        + shape(index).rank(),
                "reshape it");
    }

    /**
     * Requires an exact shape.
     *
     * @param index which operand
     * @param shape the shape
     * @return this
     */
    public Operands shape(int index, Shape shape) {
        return check(
                shape(index).equals(shape),
                "operand " + letter(index) + " must have shape " + shape + ", not " + shape(index),
                "reshape or slice it");
    }

    /**
     * Requires two operands of the same type.
     *
     * @param first one operand
     * @param second the other
     * @return this
     */
    public Operands same(int first, int second) {
        return check(
                type(first).equals(type(second)),
                "operands " + letter(first) + " and " + letter(second) + " must have the same type",
                "broadcasting is only what an op declares: reshape, cast or use another op");
    }

    /**
     * Requires a single element.
     *
     * @param index which operand
     * @return this
     */
    public Operands scalar(int index) {
        return check(
                shape(index).elements() == 1,
                "operand " + letter(index) + " must be a single number",
                "pass a tensor of shape (1)");
    }

    /**
     * Requires a condition.
     *
     * @param condition what must hold
     * @param problem what is wrong if it does not
     * @param remedy what to do next
     * @return this
     */
    public Operands check(boolean condition, String problem, String remedy) {
        if (!condition) {
            throw fail(problem, remedy);
        }
        return this;
    }

    /**
     * An error about these operands.
     *
     * @param problem what is wrong
     * @param remedy what to do next
     * @return the exception, to be thrown
     */
    public EngineException.BadOperand fail(String problem, String remedy) {
        String operands = IntStream.range(0, size())
                .mapToObj(i -> letter(i) + " " + type(i))
                .collect(Collectors.joining("   "));
        return new EngineException.BadOperand(op.name() + ": " + problem + "\n  " + operands + "\n  at "
                + CallSite.current() + "\n  remedy: " + remedy);
    }

    private static String letter(int index) {
        return index < 26 ? String.valueOf((char) ('a' + index)) : "#" + index;
    }
}
