package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
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
import org.nanochat4j.engine.testbed.OpCatalogue.Entry;
import org.nanochat4j.engine.testbed.Sample.Input;

/** The samples of the catalogue once more, with the operands in BF16 that an op takes in BF16. */
final class Bf16Samples {
    /** Which operands may be BF16, of the ops that take any. */
    static final Map<Class<? extends Op>, Set<Integer>> OPERANDS = Map.ofEntries(
            Map.entry(Accumulate.class, Set.of(0, 1)),
            Map.entry(AdamWStep.class, Set.of(0, 1, 2, 3)),
            Map.entry(Add.class, Set.of(0, 1)),
            Map.entry(Assign.class, Set.of(0, 1)),
            Map.entry(Axpby.class, Set.of(0, 1)),
            Map.entry(CausalAttention.class, Set.of(0, 1, 2)),
            Map.entry(CausalAttentionGrad.class, Set.of(0, 1, 2, 3)),
            Map.entry(Concat.class, Set.of(0, 1, 2)),
            Map.entry(CustomOp.class, Set.of(0)),
            Map.entry(Dot.class, Set.of(0, 1)),
            Map.entry(Embedding.class, Set.of(0)),
            Map.entry(EmbeddingGrad.class, Set.of(0)),
            Map.entry(Logits.class, Set.of(0, 1)),
            Map.entry(MatMul.class, Set.of(0, 1)),
            Map.entry(Mix.class, Set.of(1, 3)),
            Map.entry(Mul.class, Set.of(0, 1)),
            Map.entry(MuonNormalize.class, Set.of(0)),
            Map.entry(Pad.class, Set.of(0)),
            Map.entry(ReluSquared.class, Set.of(0)),
            Map.entry(ReluSquaredGrad.class, Set.of(0, 1)),
            Map.entry(Reshape.class, Set.of(0)),
            Map.entry(RmsNorm.class, Set.of(0)),
            Map.entry(RmsNormGrad.class, Set.of(0, 1)),
            Map.entry(Rope.class, Set.of(0)),
            Map.entry(RowDot.class, Set.of(0, 1)),
            Map.entry(Scale.class, Set.of(0)),
            Map.entry(ScaleBy.class, Set.of(0)),
            Map.entry(ScaleRows.class, Set.of(0, 1)),
            Map.entry(ShiftTime.class, Set.of(0)),
            Map.entry(Sigmoid.class, Set.of(0)),
            Map.entry(SigmoidGrad.class, Set.of(0, 1)),
            Map.entry(Slice.class, Set.of(0)),
            Map.entry(SoftcapCrossEntropy.class, Set.of(0, 1)),
            Map.entry(Sum.class, Set.of(0)),
            Map.entry(SumRows.class, Set.of(0)),
            Map.entry(SumSquares.class, Set.of(0)),
            Map.entry(Zero.class, Set.of(0)));

    /** Ops that take no BF16, that convert it, or that have no operands. */
    static final Set<Class<? extends Op>> NONE = Set.of(
            ArgMax.class,
            CachedAttention.class,
            Cast.class,
            Fill.class,
            KvAppend.class,
            MuonMomentum.class,
            MuonUpdate.class,
            TopKSample.class);

    private Bf16Samples() {}

    /** All entries that there are in BF16; their samples have no gradients to be checked by differences, which rounding would drown. */
    static Stream<Entry> entries() {
        return OpCatalogue.entries().stream()
                .filter(entry ->
                        OPERANDS.containsKey(entry.op()) && !entry.variant().equals("integers"))
                .map(Bf16Samples::of);
    }

    /** An entry whose samples have BF16 operands. */
    static Entry of(Entry entry) {
        return new Entry(
                entry.op(),
                (entry.variant() + " BF16").strip(),
                draw -> of(entry.op(), entry.generator().apply(draw)));
    }

    /** One sample with BF16 operands. */
    static Sample of(Class<? extends Op> op, Sample sample) {
        Set<Integer> operands = OPERANDS.getOrDefault(op, Set.of());
        List<Input> inputs = new ArrayList<>();
        for (int i = 0; i < sample.inputs().size(); i++) {
            Input input = sample.inputs().get(i);
            boolean narrow = operands.contains(i) && input.type().dtype() == DType.F32;
            inputs.add(narrow ? bf16(input) : input);
        }
        return new Sample(inputs, sample.application(), sample.tolerance(), sample.differentiable());
    }

    private static Input bf16(Input input) {
        double[] values = Arrays.stream(input.values())
                .map(value -> Float.intBitsToFloat(Float.floatToRawIntBits((float) value) & 0xFFFF0000))
                .toArray();
        return new Input(new TensorType(DType.BF16, input.type().shape()), values, input.written());
    }
}
