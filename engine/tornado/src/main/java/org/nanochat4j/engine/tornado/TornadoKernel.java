package org.nanochat4j.engine.tornado;

import org.nanochat4j.engine.op.DeviceKernel;

/** What a {@link org.nanochat4j.engine.op.CustomOp} returns for the backend {@code tornado}: it adds the tasks that compute the op. */
@FunctionalInterface
public interface TornadoKernel extends DeviceKernel {
    /**
     * Adds the tasks of one application of the op.
     *
     * @param work where operands and results are
     */
    void addTo(Work work);
}
