package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** What kernels write where data is wrong: they cannot raise an error, and a wrong number would go unnoticed. */
final class Poison {
    private Poison() {}

    /** NaN, computed when the kernel runs: TornadoVM cannot write it down as a constant. */
    static float because(int wrong) {
        return TornadoMath.sqrt(-1f - TornadoMath.abs((float) wrong));
    }
}
