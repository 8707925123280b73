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
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.tornado.kernels.AttentionGradKernels;
import org.nanochat4j.engine.tornado.kernels.EmbeddingKernels;
import org.nanochat4j.engine.tornado.kernels.ReductionKernels;
import org.nanochat4j.engine.tornado.kernels.SamplingKernels;

/** Scratch memory of the ops that take more than one task; the others need none. */
final class ScratchNeeds {
    private ScratchNeeds() {}

    /** How many floats the tasks of a step need besides operands and results. */
    static long floats(Step step) {
        return switch (step.op()) {
            case CausalAttentionGrad _ -> {
                Shape q = shape(step, 0);
                yield AttentionGradKernels.scratch(q.dim(0), q.dim(1), q.dim(2));
            }
            case Dot(), Sum(), SumSquares() ->
                ReductionKernels.groups(shape(step, 0).elements());
            case EmbeddingGrad(int rows) ->
                EmbeddingKernels.scratch(Math.toIntExact(shape(step, 1).elements()), rows);
            case MuonNormalize() -> shape(step, 0).rows();
            case MuonUpdate _ -> {
                Shape stack = shape(step, 2);
                yield (long) stack.dim(0) * Math.max(stack.dim(1), stack.dim(2));
            }
            case SoftcapCrossEntropy op ->
                ProductTasks.lossScratch(shape(step, 0).rows(), op.vocabulary());
            case TopKSample(int k) ->
                SamplingKernels.scratch(shape(step, 0).rows(), k, shape(step, 0).last());
            default -> 0;
        };
    }

    private static Shape shape(Step step, int input) {
        return step.inputs().get(input).type().shape();
    }
}
