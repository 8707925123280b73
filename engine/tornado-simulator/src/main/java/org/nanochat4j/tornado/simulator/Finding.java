package org.nanochat4j.tornado.simulator;

/**
 * Something in a kernel's bytecode that TornadoVM refuses or gets wrong.
 *
 * @param rule why
 * @param method class and method
 * @param line of the source, 0 if unknown
 * @param what is there
 */
public record Finding(Rule rule, String method, int line, String what) {
    /** What kernels must not contain. */
    public enum Rule {
        /** A shift that fills with zeros: on negative numbers the device fills with ones. */
        UNSIGNED_SHIFT("mask instead: (x >> 17) & 0x7fff"),
        /** Objects, or arrays whose size is no constant. */
        ALLOCATION("allocate arrays of primitives, of constant size, or local arrays of the context"),
        /** A method that the device does not know. */
        CALL("use TornadoMath, the native arrays' get and set, and static methods of kernel classes"),
        /** A method that calls itself. */
        RECURSION("write a loop"),
        /** Reductions of floats come out wrong. */
        REDUCE("reduce in local memory"),
        /** Exceptions do not exist on the device. */
        EXCEPTION("write NaN where a result is impossible"),
        /** Strings do not exist on the device. */
        STRING("remove it"),
        /** Lambdas and string concatenation do not exist on the device. */
        DYNAMIC_CALL("write a loop or a static method"),
        /** Static variables do not exist on the device; constants of primitive types do. */
        STATIC_FIELD("pass it as an argument, or make it a constant of a primitive type"),
        /** Monitors do not exist on the device. */
        MONITOR("use barriers and atomics"),
        /** Kernels have no receiver. */
        INSTANCE_METHOD("make it static"),
        /** Parallel loops are found by the table of local variables. */
        NO_DEBUG_TABLE("compile with -g"),
        /** Wrong addresses are computed for local arrays in methods. */
        LOCAL_ARRAY_PASSED("write the method's code into the kernel; private and native arrays may be passed"),
        /** The index is dropped: everything is added to element 0. */
        LOCAL_ATOMIC("add atomically to an IntArray, or reduce by halves"),
        /** Bits become a float only on their way into an array. */
        BITS_IN_EXPRESSION("store the result of intBitsToFloat in an array, or compute with powers of two"),
        /** The driver's compiler crashes on kernels that are named as its own functions. */
        KERNEL_NAME("choose another name"),
        /** The driver cannot write elements of 16-bit floats. */
        HALF_STORE("compute the bits and write them into a ShortArray");

        private final String remedy;

        Rule(String remedy) {
            this.remedy = remedy;
        }

        /** {@return what to write instead} */
        public String remedy() {
            return remedy;
        }
    }

    @Override
    public String toString() {
        return method + " line " + line + ": " + what + " (" + rule + ")\n    remedy: " + rule.remedy();
    }
}
