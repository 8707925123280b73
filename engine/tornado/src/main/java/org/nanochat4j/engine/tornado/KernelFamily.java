package org.nanochat4j.engine.tornado;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
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
import org.nanochat4j.engine.program.Step;

/** The kinds of kernels that ops are computed with, and what a device needs for them. */
enum KernelFamily {
    /** One item for each element. */
    ELEMENTWISE_FP32("one item per element, F32", 256, 0),
    /** One item for each element, which converts what it reads and writes. */
    ELEMENTWISE_BF16("one item per element, BF16, converted in registers", 256, 0),
    /** One group for each row. */
    ROWS_FP32("one group per row, F32", 256, 4 << 10),
    /** One group for each row, whose items convert what they read and write. */
    ROWS_BF16("one group per row, BF16, converted in registers", 256, 4 << 10),
    /** Sums in two stages of a fixed order. */
    STAGED_SUM_FP32("sums in two stages of fixed order, F32", 256, 4 << 10),
    /** Matrix products with tiles in local memory and blocks in registers. */
    TILED_MATMUL_FP32("matrix product with tiles in local memory and registers, F32", 64, 16 << 10),
    /** Attention by tiles with an online softmax. */
    TILED_ATTENTION_FP32("tiles with online softmax, F32", 256, 40 << 10),
    /** The same, whose items convert what they read and write. */
    TILED_ATTENTION_BF16(
            "tiles with online softmax, BF16, converted on the way to local memory, sums in F32", 256, 40 << 10),
    /** Matrix products by items alone in their groups, each for a panel: for processors, where groups cost more than they share. */
    PANEL_MATMUL_FP32("matrix product in panels of one item each, F32", 1, 0),
    /** Matrix products by the vendor's library. */
    CUBLAS_FP32("matrix product by cuBLAS, F32", 1, 0),
    /** The same with BF16 factors. */
    CUBLAS_BF16("matrix product by cuBLAS, BF16, sums in F32", 1, 0),
    /** Matrix products of BF16 factors by tensor cores, with tiles in local memory. */
    MMA_BF16("matrix product by tensor cores, BF16, sums in F32", 128, 12 << 10),
    /** Attention by items alone in their groups, for processors. */
    PANEL_ATTENTION_FP32("panels of one item each with online softmax, F32", 1, 0),
    /** Attention of one token over a cache. */
    CACHED_ATTENTION_FP32("one group per head over the cache, F32", 128, 4 << 10),
    /** Loss over chunks of rows, with the products of matrices. */
    CHUNKED_LOSS_FP32("matrix products over chunks of rows, F32", 256, 16 << 10),
    /** The same with products by the vendor's library. */
    CUBLAS_LOSS_FP32("matrix products by cuBLAS over chunks of rows, F32", 256, 4 << 10),
    /** The same with BF16 factors, one of which is the gradient of the logits. */
    CUBLAS_LOSS_BF16(
            "matrix products by cuBLAS over chunks of rows, BF16, sums in F32, the gradient of the logits rounded once",
            256,
            4 << 10),
    /** The same with products by tensor cores. */
    MMA_LOSS_BF16(
            "matrix products by tensor cores over chunks of rows, BF16, sums in F32, the gradient of the logits rounded once",
            256,
            12 << 10),
    /** Rows of tables; their gradients are added up by the owner of a row. */
    OWNER_COMPUTES_FP32("rows of tables, gradients added up by the owner of a row, F32", 256, 0),
    /** Gradients of tables: the items of all ids add to their rows at the same time. */
    ATOMIC_ADDS_FP32("gradients of tables by atomic adds of floats, F32: the last bits differ from run to run", 256, 0),
    /** Optimizer steps. */
    OPTIMIZER_FP32("fused optimizer step, F32", 256, 4 << 10),
    /** Choosing tokens. */
    SAMPLING("one group per row", 256, 4 << 10),
    /** What a custom op brings. */
    CUSTOM("the op's own", 1, 0);

    private final String description;
    private final int groupItems;
    private final int localBytes;

    KernelFamily(String description, int groupItems, int localBytes) {
        this.description = description;
        this.groupItems = groupItems;
        this.localBytes = localBytes;
    }

    /** For reports. */
    String description() {
        return description;
    }

    boolean runsOn(Capabilities capabilities) {
        return capabilities.groupItems() >= groupItems && capabilities.localBytes() >= localBytes;
    }

    /** The family that an op over F32 is computed with on a device. */
    static KernelFamily choose(Op op, Capabilities capabilities) {
        KernelFamily family = of(op, capabilities);
        family.requireRoom(op, capabilities);
        return family;
    }

    /** The family whose kernels read and write BF16 themselves; null where the step has only kernels for F32. */
    static @Nullable KernelFamily narrow(Step step, Capabilities capabilities) {
        KernelFamily family = ofNarrow(step, capabilities);
        if (family != null) {
            family.requireRoom(step.op(), capabilities);
        }
        return family;
    }

    private void requireRoom(Op op, Capabilities capabilities) {
        if (!runsOn(capabilities)) {
            throw new EngineException.NoBackend(capabilities.device() + " cannot run " + op.name() + ": its kernels ("
                    + description + ") need work-groups of " + groupItems + " items with "
                    + localBytes + " bytes of local memory, the device has " + capabilities.groupItems()
                    + " and "
                    + capabilities.localBytes() + "\n  remedy: choose another device, or the CPU backend");
        }
    }

    private static @Nullable KernelFamily ofNarrow(Step step, Capabilities capabilities) {
        return switch (step.op()) {
            case Accumulate _,
                    Assign _,
                    Axpby _,
                    Cast _,
                    Concat _,
                    Embedding _,
                    Mix _,
                    Mul _,
                    Pad _,
                    ReluSquared _,
                    ReluSquaredGrad _,
                    Reshape _,
                    Rope _,
                    Scale _,
                    ScaleBy _,
                    ShiftTime _,
                    Sigmoid _,
                    SigmoidGrad _,
                    Slice _,
                    Zero _ -> ELEMENTWISE_BF16;
            case Add _ -> step.inputTypes().getFirst().equals(step.inputTypes().getLast()) ? ELEMENTWISE_BF16 : null;
            case RmsNorm _, RmsNormGrad _ -> ROWS_BF16;
            case Logits _, MatMul _ -> multipliesNarrow(step, capabilities) ? products(DType.BF16, capabilities) : null;
            case SoftcapCrossEntropy _ -> multipliesNarrow(step, capabilities) ? narrowLoss(capabilities) : null;
            case CausalAttention _, CausalAttentionGrad _ -> convertsOften(capabilities) ? TILED_ATTENTION_BF16 : null;
            case CustomOp _ -> CUSTOM;
            default -> null;
        };
    }

    /** What matrix products are computed with on a device, by the type of the factors. */
    static KernelFamily products(DType factors, Capabilities capabilities) {
        boolean narrow = factors == DType.BF16;
        if (capabilities.library().used()) {
            return narrow ? CUBLAS_BF16 : CUBLAS_FP32;
        }
        if (narrow) {
            return MMA_BF16;
        }
        return capabilities.processor() ? PANEL_MATMUL_FP32 : TILED_MATMUL_FP32;
    }

    /** Whether BF16 factors, the first two operands, are multiplied as such; else they are widened. */
    private static boolean multipliesNarrow(Step step, Capabilities capabilities) {
        boolean has = capabilities.library().used() || capabilities.tensorCores();
        return has && step.inputTypes().stream().limit(2).allMatch(type -> type.dtype() == DType.BF16);
    }

    /** Whether a kernel that reads a number many times may convert it each time: where that is an instruction or two, not arithmetic. */
    private static boolean convertsOften(Capabilities capabilities) {
        return capabilities.bf16() == Bf16Access.BUILT_IN && !capabilities.processor();
    }

    private static KernelFamily narrowLoss(Capabilities capabilities) {
        return capabilities.library().used() ? CUBLAS_LOSS_BF16 : MMA_LOSS_BF16;
    }

    /** Whether a result of such an op is a product with a factor that was rounded to BF16 within the op: the gradients, of the loss. */
    boolean roundsFactorOf(int result) {
        return (this == CUBLAS_LOSS_BF16 || this == MMA_LOSS_BF16) && result >= 2;
    }

    private static KernelFamily of(Op op, Capabilities capabilities) {
        return switch (op) {
            case Accumulate _,
                    Add _,
                    Assign _,
                    Axpby _,
                    Cast _,
                    Concat _,
                    Fill _,
                    KvAppend _,
                    Mix _,
                    Mul _,
                    Pad _,
                    ReluSquared _,
                    ReluSquaredGrad _,
                    Reshape _,
                    Rope _,
                    Scale _,
                    ScaleBy _,
                    ScaleRows _,
                    ShiftTime _,
                    Sigmoid _,
                    SigmoidGrad _,
                    Slice _,
                    Zero _ -> ELEMENTWISE_FP32;
            case RmsNorm _, RmsNormGrad _, RowDot _, SumRows _ -> ROWS_FP32;
            case Dot _, Sum _, SumSquares _ -> STAGED_SUM_FP32;
            case Logits _, MatMul _ -> products(DType.F32, capabilities);
            case CausalAttention _, CausalAttentionGrad _ ->
                capabilities.processor() ? PANEL_ATTENTION_FP32 : TILED_ATTENTION_FP32;
            case CachedAttention _ -> CACHED_ATTENTION_FP32;
            case SoftcapCrossEntropy _ -> capabilities.library().used() ? CUBLAS_LOSS_FP32 : CHUNKED_LOSS_FP32;
            case Embedding _ -> OWNER_COMPUTES_FP32;
            case EmbeddingGrad _ ->
                capabilities.floatAtomics() == FloatAtomics.USED ? ATOMIC_ADDS_FP32 : OWNER_COMPUTES_FP32;
            case AdamWStep _, MuonMomentum _, MuonNormalize _, MuonUpdate _ -> OPTIMIZER_FP32;
            case ArgMax _, TopKSample _ -> SAMPLING;
            case CustomOp _ -> CUSTOM;
        };
    }
}
