package org.nanochat4j.bench;

import java.util.function.Supplier;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.model.ComputeType;

/**
 * Where something is measured.
 *
 * @param backend by name
 * @param threads that compute, where the backend is the CPU's
 * @param machineCode whether the CPU's backend may use machine code
 * @param open makes a new engine there
 */
public record Target(String backend, int threads, boolean machineCode, Supplier<Engine> open) {
    private static final String CPU = "cpu";

    /**
     * The CPU.
     *
     * @param threads that compute
     * @return the target
     */
    public static Target cpu(int threads) {
        return new Target(CPU, threads, true, () -> Engine.open(CPU, new BackendOptions(threads)));
    }

    boolean isCpu() {
        return backend.equals(CPU);
    }

    Engine engine() {
        return open.get();
    }

    /** What figures of F32 are relative to; measured at the first call. */
    Roof roof() {
        return roof(ComputeType.F32);
    }

    /** What figures of a model that computes in this type are relative to; measured at the first call. */
    Roof roof(ComputeType compute) {
        return isCpu() ? Roof.of(threads, machineCode) : Roof.of(this, compute);
    }

    /** The end of a label. */
    String label() {
        return isCpu() ? "threads " + threads : "backend " + backend;
    }
}
