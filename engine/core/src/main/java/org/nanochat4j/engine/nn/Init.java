package org.nanochat4j.engine.nn;

/** The distribution of a parameter's initial values. */
public sealed interface Init {
    /**
     * Every value equal.
     *
     * @param value the value
     */
    record Constant(float value) implements Init {}

    /**
     * Normal with mean 0.
     *
     * @param std standard deviation
     */
    record Normal(float std) implements Init {}

    /**
     * Uniform between two bounds.
     *
     * @param low lower bound
     * @param high upper bound
     */
    record Uniform(float low, float high) implements Init {}

    /**
     * Linear in the index: {@code from + (to - from) * i / max(n - 1, 1)}.
     *
     * @param from value at index 0
     * @param to value at the last index
     */
    record Ramp(double from, double to) implements Init {}

    /**
     * One initial value.
     *
     * @param generator the parameter's own stream
     * @param index which element
     * @param count how many elements the parameter has
     * @return the value
     */
    default float value(Philox generator, long index, long count) {
        return switch (this) {
            case Constant(float value) -> value;
            case Normal(float std) -> std * generator.normal(index);
            case Uniform(float low, float high) -> low + (high - low) * generator.uniform(index);
            case Ramp(double from, double to) -> (float) (from + (to - from) * index / Math.max(count - 1, 1));
        };
    }
}
