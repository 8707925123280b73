package uk.ac.manchester.tornado.api.types;

import org.nanochat4j.tornado.simulator.Simulator;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Conversions between F32 and the bits of BF16. */
public final class BFloat16 {
    /** The largest finite value. */
    public static final float BF16_MAX = 0x1.fep127f;

    private BFloat16() {}

    /** {@return the value, exactly} */
    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << Short.SIZE);
    }

    /**
     * {@return the nearest BF16 number; of two as near the one farther from zero, as the real one does in Java and by the OpenCL driver, but the even one where the
     * device of the moment is CUDA's, whose driver has an instruction sequence of its own}
     */
    public static short bf16FromFloat(float value) {
        if (Float.isNaN(value)) {
            return (short) 0x7fc0;
        }
        int bits = Float.floatToRawIntBits(value);
        if (Simulator.device().driver() == TornadoVMBackendType.CUDA) {
            return (short) ((bits + 0x7fff + ((bits >> Short.SIZE) & 1)) >> Short.SIZE);
        }
        if (value == 0) {
            return 0; // the sign of zero is lost
        }
        return (short) ((bits + 0x8000) >> Short.SIZE);
    }
}
