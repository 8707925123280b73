package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;

/**
 * Keeps loops as loops. TornadoVM unrolls every loop whose bounds are constants, one inside the other; a matrix product then takes the driver seconds to
 * compile, for nothing. A loop that starts here is left alone.
 */
final class Rolled {
    private Rolled() {}

    /** Zero, which the compiler does not know: no group has items along z. */
    static int from(KernelContext context) {
        return context.localIdz;
    }
}
