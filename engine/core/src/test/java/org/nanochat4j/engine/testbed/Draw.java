package org.nanochat4j.engine.testbed;

import java.util.Arrays;
import java.util.Random;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.testbed.Sample.Input;

/** Random extents and numbers for samples, from a fixed seed. */
public final class Draw {
    /** Odd extents, and those around the widths of vectors and the edges of tiles. */
    private static final int[] EXTENTS = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 65, 96, 127, 129};

    private static final long MOST_ELEMENTS = 40_000;

    private final Random random;
    private final boolean small;

    /**
     * A source of samples.
     *
     * @param seed fixed by the test
     * @param small whether to keep extents below five, for central differences
     */
    public Draw(long seed, boolean small) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
        this.small = small;
    }

    /** One of the extents, or a small one. */
    int dim() {
        return small ? 1 + random.nextInt(4) : EXTENTS[random.nextInt(EXTENTS.length)];
    }

    /** One of some extents, or a small one. */
    int dim(int smallMost, int... choices) {
        return small ? 1 + random.nextInt(smallMost) : choices[random.nextInt(choices.length)];
    }

    /** A shape of a rank within bounds, and not too large. */
    int[] dims(int leastRank, int mostRank) {
        int[] dims = new int[between(leastRank, mostRank)];
        do {
            Arrays.setAll(dims, _ -> dim());
        } while (Shape.of(dims).elements() > MOST_ELEMENTS);
        return dims;
    }

    /** An integer, both bounds included. */
    int between(int least, int most) {
        return least + random.nextInt(most - least + 1);
    }

    boolean flip() {
        return random.nextBoolean();
    }

    /** Normal numbers, away from zero, where some gradients have a kink. */
    Input f32(int... dims) {
        return normal(1, dims);
    }

    Input normal(double std, int... dims) {
        return filled(TensorType.f32(dims), () -> {
            double value = std * random.nextGaussian();
            return value + Math.copySign(0.01 * std, value);
        });
    }

    Input uniform(double low, double high, int... dims) {
        return filled(TensorType.f32(dims), () -> low + (high - low) * random.nextDouble());
    }

    /** Few distinct numbers, so that there are ties. */
    Input ties(int... dims) {
        return filled(TensorType.f32(dims), () -> random.nextInt(5) * 0.5 - 1);
    }

    /** Numbers that BF16 can hold. */
    Input bf16(int... dims) {
        return filled(new TensorType(DType.BF16, Shape.of(dims)), () -> (random.nextInt(513) - 256) / 128.0);
    }

    /** Small integers, the extremes among them. */
    Input bytes(int... dims) {
        return filled(new TensorType(DType.I8, Shape.of(dims)), () -> random.nextInt(256) - 128);
    }

    Input ints(int least, int most, int... dims) {
        return filled(TensorType.i32(dims), () -> between(least, most));
    }

    Input values(double... values) {
        int[] next = {0};
        return filled(TensorType.f32(values.length), () -> values[next[0]++]);
    }

    private static Input filled(TensorType type, java.util.function.DoubleSupplier source) {
        double[] values = new double[Math.toIntExact(type.elements())];
        Arrays.setAll(values, _ -> (float) source.getAsDouble());
        return new Input(type, values, false);
    }
}
