package org.nanochat4j.tornado.simulator;

import java.util.Set;

/** The methods that TornadoVM 5.2.0 turns into device code, besides the static methods that it inlines. */
final class DeviceCalls {
    private static final String API = "uk/ac/manchester/tornado/api/";
    private static final String ARRAYS = API + "types/arrays/";
    private static final String HALF = API + "types/HalfFloat";
    private static final Set<String> OF_ARRAYS = Set.of("get", "set", "getSize", "getFloat", "setFloat");
    private static final Set<String> OF_JAVA_MATH = Set.of("abs", "exp", "max", "min", "sqrt");
    private static final Set<String> OF_TORNADO_MATH = Set.of(
            ("abs acos acosh asin asinh atan atan2 ceil clamp cos cospi exp floatPI floor log log2 max min PI pow sin sinpi"
                            + " sqrt tan tanh toRadians")
                    .split(" "));

    private final SimulatedDevice device;

    DeviceCalls(SimulatedDevice device) {
        this.device = device;
    }

    static boolean isArray(String owner) {
        return owner.startsWith(ARRAYS);
    }

    boolean creates(String type) {
        return type.equals(HALF);
    }

    boolean knows(String owner, String method) {
        return switch (owner) {
            case HALF, API + "KernelContext", API + "types/BFloat16" -> true;
            case API + "math/TornadoMath" -> OF_TORNADO_MATH.contains(method);
            case "java/lang/Math" -> OF_JAVA_MATH.contains(method);
            case "java/lang/Integer" -> method.equals("intValue"); // the ids of a context are boxed
            case "java/lang/Float" ->
                method.equals("intBitsToFloat") || method.equals("float16ToFloat") && device.halfStores();
            default -> isArray(owner) && OF_ARRAYS.contains(method);
        };
    }

    boolean storesHalf(String owner, String method) {
        return !device.halfStores()
                && (owner.equals(ARRAYS + "HalfFloatArray") || owner.equals(ARRAYS + "BFloat16Array"))
                && method.startsWith("set");
    }
}
