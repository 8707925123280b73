package org.nanochat4j.engine.cpu;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.cpu.kernels.Bf16Conversion;
import org.nanochat4j.engine.cpu.kernels.BlockCopy;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.cpu.kernels.Memory;
import org.nanochat4j.engine.cpu.kernels.Parallel;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;

/**
 * A step over BF16 that has no kernel of its own, as the same step over F32 copies in scratch memory: operands are widened, the kernel for F32 runs, and
 * what it wrote is rounded once.
 *
 * @param step the step over BF16
 * @param wide the same over F32
 */
record Widened(Step step, Step wide) {
    /** Makes the kernel of a step that is not widened, or no more. */
    @FunctionalInterface
    interface Binder {
        Kernel bind(Step step, long[] in, long[] out, long scratch);
    }

    /**
     * A step with F32 in place of BF16.
     *
     * @param step over BF16
     * @param weights which operand stays as it is, because the kernel reads it in fewer bytes; -1 for none
     */
    static Widened of(Step step, int weights) {
        List<Value> inputs = new ArrayList<>();
        for (int i = 0; i < step.inputs().size(); i++) {
            Value value = step.inputs().get(i);
            inputs.add(i == weights ? value : widen(value));
        }
        List<Value> outputs = step.outputs().stream().map(Widened::widen).toList();
        return new Widened(step, new Step(step.op(), List.copyOf(inputs), outputs, step.callSite()));
    }

    /** Whether a step has BF16 operands or results. */
    static boolean concerns(Step step) {
        return step.inputs().stream().anyMatch(Widened::isNarrow)
                || step.outputs().stream().anyMatch(Widened::isNarrow);
    }

    private static boolean isNarrow(Value value) {
        return value.type().dtype() == DType.BF16;
    }

    private static Value widen(Value value) {
        TensorType type = value.type();
        return isNarrow(value)
                ? new Value(value.id(), new TensorType(DType.F32, type.shape()), value.variable())
                : value;
    }

    /** Bytes of the copies. */
    long bytes() {
        return bytes(step.inputs(), wide.inputs()) + bytes(step.outputs(), wide.outputs());
    }

    private static long bytes(List<Value> before, List<Value> after) {
        long bytes = 0;
        for (int i = 0; i < before.size(); i++) {
            bytes += isCopied(before, after, i) ? copyBytes(after.get(i)) : 0;
        }
        return bytes;
    }

    private static boolean isCopied(List<Value> before, List<Value> after, int index) {
        return !before.get(index).type().equals(after.get(index).type());
    }

    private static long copyBytes(Value wide) {
        return Memory.align(wide.type().bytes());
    }

    /** Binds the whole: conversions and the kernel for F32. */
    Kernel bind(Parallel pool, long[] in, long[] out, long scratch, Binder binder) {
        List<Kernel> kernels = new ArrayList<>();
        List<Kernel> roundings = new ArrayList<>();
        long[] wideIn = in.clone();
        long[] wideOut = out.clone();
        long next = scratch;
        Op op = step.op();
        for (int i = 0; i < in.length; i++) {
            if (isCopied(step.inputs(), wide.inputs(), i)) {
                long elements = step.inputType(i).elements();
                wideIn[i] = next;
                kernels.add(Bf16Conversion.widen(pool, elements, in[i], next));
                if (op.writes(i)) {
                    roundings.add(Bf16Conversion.round(pool, elements, next, in[i]));
                }
                next += copyBytes(wide.inputs().get(i));
            }
        }
        for (int i = 0; i < out.length; i++) {
            if (isCopied(step.outputs(), wide.outputs(), i)) {
                wideOut[i] = next;
                roundings.add(
                        Bf16Conversion.round(pool, step.outputs().get(i).type().elements(), next, out[i]));
                next += copyBytes(wide.outputs().get(i));
            }
        }
        kernels.add(binder.bind(wide, wideIn, wideOut, next));
        kernels.addAll(roundings);
        return BlockCopy.sequence(kernels.toArray(Kernel[]::new));
    }
}
