package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Dot;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.op.Sum;
import org.nanochat4j.engine.op.SumSquares;
import org.nanochat4j.engine.op.TopKSample;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.tornado.kernels.AttentionGradKernels;
import org.nanochat4j.engine.tornado.kernels.EmbeddingKernels;
import org.nanochat4j.engine.tornado.kernels.ReductionKernels;
import org.nanochat4j.engine.tornado.kernels.SamplingKernels;

/**
 * Scratch memory that tasks need besides operands and results, of each type in a bank of its own.
 *
 * @param floats numbers of F32
 * @param halves numbers of BF16
 */
record ScratchNeeds(long floats, long halves) {
    private static final ScratchNeeds NOTHING = new ScratchNeeds(0, 0);

    /** What the tasks of a step need. */
    static ScratchNeeds of(Step step, Capabilities capabilities) {
        KernelChoice choice = KernelChoice.of(step, capabilities);
        if (choice.operands() == KernelChoice.Operands.WIDENED) {
            return new ScratchNeeds(Widened.of(step).floats() + wideFloats(step, choice.family()), 0);
        }
        return switch (choice.family()) {
            case MMA_BF16 -> new ScratchNeeds(ProductTasks.tensorCoreScratch(step), 0);
            case CUBLAS_LOSS_BF16 -> LossTasks.narrowScratch(step, (SoftcapCrossEntropy) step.op(), false);
            case MMA_LOSS_BF16 -> LossTasks.narrowScratch(step, (SoftcapCrossEntropy) step.op(), true);
            default -> new ScratchNeeds(wideFloats(step, choice.family()), 0);
        };
    }

    /** What all steps of a plan need, one after another: the most of each type, which can be a little more than any one of them needs. */
    static ScratchNeeds of(MemoryPlan plan, Capabilities capabilities) {
        return plan.layouts().stream()
                .flatMap(layout -> layout.program().steps().stream())
                .map(step -> of(step, capabilities))
                .reduce(NOTHING, ScratchNeeds::or);
    }

    private ScratchNeeds or(ScratchNeeds other) {
        return new ScratchNeeds(Math.max(floats, other.floats), Math.max(halves, other.halves));
    }

    long bytes() {
        return Float.BYTES * floats + Short.BYTES * halves;
    }

    /** How many floats the tasks of a step over F32 need; those that are one task need none. */
    private static long wideFloats(Step step, KernelFamily family) {
        return switch (step.op()) {
            case CausalAttentionGrad _ -> {
                Shape q = shape(step, 0);
                yield AttentionGradKernels.scratch(q.dim(0), q.dim(1), q.dim(2));
            }
            case Dot(), Sum(), SumSquares() ->
                ReductionKernels.groups(shape(step, 0).elements());
            case EmbeddingGrad(int rows) ->
                family == KernelFamily.ATOMIC_ADDS_FP32
                        ? 0
                        : EmbeddingKernels.scratch(
                                Math.toIntExact(shape(step, 1).elements()), rows);
            case MuonNormalize() -> shape(step, 0).rows();
            case MuonUpdate _ -> {
                Shape stack = shape(step, 2);
                yield (long) stack.dim(0) * Math.max(stack.dim(1), stack.dim(2));
            }
            case SoftcapCrossEntropy op -> LossTasks.wideScratch(step, op);
            case TopKSample(int k) ->
                SamplingKernels.scratch(shape(step, 0).rows(), k, shape(step, 0).last());
            default -> 0;
        };
    }

    private static Shape shape(Step step, int input) {
        return step.inputs().get(input).type().shape();
    }
}
