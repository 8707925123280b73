package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.program.Step;

/**
 * What a step is computed with.
 *
 * @param family the kind of kernel
 * @param operands how it gets what it computes with
 */
record KernelChoice(KernelFamily family, Operands operands) {
    /** How a kernel gets its operands. */
    enum Operands {
        /** None is BF16. */
        WIDE,
        /** Those of BF16 are copied to F32 before the kernel, and results are rounded to BF16 after it. */
        WIDENED,
        /** The kernel itself reads and writes BF16. */
        NARROW
    }

    /**
     * The choice for a step on a device.
     *
     * @throws EngineException.BadProgram if there is no kernel for its types
     * @throws EngineException.NoBackend if the device is too small for the kernel
     */
    static KernelChoice of(Step step, Capabilities capabilities) {
        refuseIntegers(step);
        if (!Widened.concerns(step)) {
            return new KernelChoice(KernelFamily.choose(step.op(), capabilities), Operands.WIDE);
        }
        refuseBf16(step, capabilities);
        KernelFamily narrow = KernelFamily.narrow(step, capabilities);
        return narrow == null
                ? new KernelChoice(KernelFamily.choose(step.op(), capabilities), Operands.WIDENED)
                : new KernelChoice(narrow, Operands.NARROW);
    }

    private static void refuseIntegers(Step step) {
        if (step.inputTypes().stream().anyMatch(type -> type.dtype() == DType.I8)) {
            throw new EngineException.BadProgram(step.op().name() + " has no kernel for TornadoVM over " + DType.I8
                    + "\n  at " + step.callSite()
                    + "\n  remedy: use weights of F32 or BF16, or the CPU backend (--backend cpu)");
        }
    }

    private static void refuseBf16(Step step, Capabilities capabilities) {
        if (capabilities.bf16() == Bf16Access.NONE) {
            throw new EngineException.BadProgram(step.op().name() + " over " + DType.BF16 + ": kernels of TornadoVM's "
                    + capabilities.driver() + " driver, through which " + capabilities.device()
                    + " is used, cannot convert " + DType.BF16
                    + "\n  at " + step.callSite()
                    + "\n  remedy: compute in F32 (--dtype f32), use an SDK with the CUDA or OpenCL driver, or the CPU backend"
                    + " (--backend cpu)");
        }
    }

    /** The choice for what the kernel itself computes: that over F32 where operands are widened for it. */
    KernelChoice inner() {
        return operands == Operands.WIDENED ? new KernelChoice(family, Operands.WIDE) : this;
    }

    /** For reports. */
    String description() {
        return operands == Operands.WIDENED
                ? family.description() + "; BF16 operands are copied to F32, results rounded once"
                : family.description();
    }

    /** The name of a step's op in reports: it may have one kernel for F32 and one for BF16. */
    static String name(Step step) {
        return step.op().name() + (Widened.concerns(step) ? " " + DType.BF16 : "");
    }
}
