package org.nanochat4j.engine.tornado;

import java.util.List;
import org.nanochat4j.engine.EngineException;
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

/** From ops to tasks: one case for each op. */
final class Lowering {
    private Lowering() {}

    /** The tasks of a step, in order. */
    static List<Task> tasks(Work w) {
        switch (KernelChoice.of(w.step(), w.capabilities()).operands()) {
            case WIDE -> addWide(w);
            case WIDENED -> Widened.of(w.step()).addTo(w);
            case NARROW -> NarrowTasks.add(w);
        }
        return w.tasks();
    }

    /** Adds the tasks of a step over F32. */
    static void addWide(Work w) {
        switch (w.op()) {
            case Accumulate() -> PointwiseTasks.accumulate(w);
            case AdamWStep op -> OptimizerTasks.adamW(w, op);
            case Add() -> PointwiseTasks.add(w);
            case ArgMax() -> DecodeTasks.argMax(w);
            case Assign() -> MoveTasks.copy(w, w.in(1), w.in(0));
            case Axpby(float alpha, float beta) -> PointwiseTasks.axpby(w, alpha, beta);
            case CachedAttention(int window, float scale) -> DecodeTasks.attention(w, window, scale);
            case Cast op -> MoveTasks.cast(w, op);
            case CausalAttention(int window, float scale) -> AttentionTasks.forward(w, window, scale);
            case CausalAttentionGrad(int window, float scale) -> AttentionTasks.backward(w, window, scale);
            case Concat(int axis) -> MoveTasks.concat(w, axis);
            case CustomOp op -> custom(w, op);
            case Dot() -> RowTasks.dot(w, w.in(0), w.in(1));
            case Embedding() -> RowTasks.embedding(w);
            case EmbeddingGrad(int rows) -> RowTasks.embeddingGrad(w, rows);
            case Fill(var shape, float value) -> PointwiseTasks.fill(w, w.out(0), shape.elements(), value);
            case KvAppend() -> DecodeTasks.append(w);
            case Logits op -> ProductTasks.logits(w, op);
            case MatMul op -> ProductTasks.matMul(w, op);
            case Mix() -> PointwiseTasks.mix(w);
            case Mul() -> PointwiseTasks.mul(w);
            case MuonMomentum() -> OptimizerTasks.momentum(w);
            case MuonNormalize() -> OptimizerTasks.normalize(w);
            case MuonUpdate(float beta2) -> OptimizerTasks.update(w, beta2);
            case Pad(int axis, int before, int after) -> MoveTasks.pad(w, axis, before, after);
            case ReluSquared() -> PointwiseTasks.reluSquared(w);
            case ReluSquaredGrad() -> PointwiseTasks.reluSquaredGrad(w);
            case Reshape(var _) -> MoveTasks.copy(w, w.in(0), w.out(0));
            case RmsNorm(float eps) -> RowTasks.rmsNorm(w, eps);
            case RmsNormGrad(float eps) -> RowTasks.rmsNormGrad(w, eps);
            case Rope(boolean inverse) -> RowTasks.rope(w, inverse);
            case RowDot() -> RowTasks.rowDot(w);
            case Scale(float alpha) -> PointwiseTasks.scale(w, alpha);
            case ScaleBy() -> PointwiseTasks.scaleBy(w);
            case ScaleRows() -> RowTasks.scaleRows(w);
            case ShiftTime(int steps) -> MoveTasks.shiftTime(w, steps);
            case Sigmoid() -> PointwiseTasks.sigmoid(w);
            case SigmoidGrad() -> PointwiseTasks.sigmoidGrad(w);
            case Slice(int axis, int start, int length) -> MoveTasks.slice(w, axis, start, length);
            case SoftcapCrossEntropy op -> LossTasks.loss(w, op);
            case Sum() -> RowTasks.sum(w);
            case SumRows() -> RowTasks.sumRows(w);
            case SumSquares() -> RowTasks.dot(w, w.in(0), w.in(0));
            case TopKSample(int k) -> DecodeTasks.sample(w, k);
            case Zero() -> PointwiseTasks.fill(w, w.in(0), w.elements(0), 0f);
        }
    }

    static void custom(Work w, CustomOp op) {
        if (op.kernel(TornadoBackendProvider.NAME).orElse(null) instanceof TornadoKernel kernel) {
            kernel.addTo(w);
            return;
        }
        throw new EngineException.BadProgram(op.name() + " has no kernel for TornadoVM\n  at "
                + w.step().callSite() + "\n  remedy: return a TornadoKernel from its method kernel(\""
                + TornadoBackendProvider.NAME + "\"), or run it on the CPU");
    }
}
