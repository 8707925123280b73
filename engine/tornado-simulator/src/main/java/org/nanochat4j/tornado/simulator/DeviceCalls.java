package org.nanochat4j.tornado.simulator;

import java.util.Map;
import java.util.Set;

/** The methods that TornadoVM 5.2.0 turns into device code, besides the static methods that it inlines. */
final class DeviceCalls {
    private static final String API = "uk/ac/manchester/tornado/api/";
    private static final String HALF = API + "types/HalfFloat";
    private static final Set<String> HALF_ARRAYS =
            Set.of(API + "types/arrays/HalfFloatArray", API + "types/arrays/BFloat16Array");
    private static final Set<String> ARRAY = Set.of("get", "set", "getSize", "getFloat", "setFloat");

    private static final Map<String, Set<String>> KNOWN = Map.of(
            API + "math/TornadoMath",
            Set.of(
                    "abs",
                    "acos",
                    "acosh",
                    "asin",
                    "asinh",
                    "atan",
                    "atan2",
                    "ceil",
                    "clamp",
                    "cos",
                    "cospi",
                    "exp",
                    "floatPI",
                    "floor",
                    "log",
                    "log2",
                    "max",
                    "min",
                    "PI",
                    "pow",
                    "sin",
                    "sinpi",
                    "sqrt",
                    "tan",
                    "tanh",
                    "toRadians"),
            API + "types/arrays/FloatArray",
            ARRAY,
            API + "types/arrays/DoubleArray",
            ARRAY,
            API + "types/arrays/IntArray",
            ARRAY,
            API + "types/arrays/LongArray",
            ARRAY,
            API + "types/arrays/ShortArray",
            ARRAY,
            API + "types/arrays/ByteArray",
            ARRAY,
            API + "types/arrays/HalfFloatArray",
            ARRAY,
            API + "types/arrays/BFloat16Array",
            ARRAY,
            "java/lang/Integer",
            Set.of("intValue"));

    private final SimulatedDevice device;

    DeviceCalls(SimulatedDevice device) {
        this.device = device;
    }

    boolean creates(String type) {
        return type.equals(HALF);
    }

    boolean knows(String owner, String method) {
        return KNOWN.getOrDefault(owner, Set.of()).contains(method)
                || owner.equals(API + "KernelContext")
                || owner.equals(HALF)
                || owner.equals(API + "types/BFloat16")
                || owner.equals("java/lang/Float")
                        && (method.equals("intBitsToFloat") || method.equals("float16ToFloat") && device.halfStores());
    }

    boolean storesHalf(String owner, String method) {
        return !device.halfStores() && HALF_ARRAYS.contains(owner) && method.startsWith("set");
    }
}
