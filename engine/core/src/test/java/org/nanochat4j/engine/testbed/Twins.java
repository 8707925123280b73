package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.List;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;

/** Compares what a backend computed with the naive twin in double precision. */
final class Twins {
    /** From a number of BF16 to the next, at most, relative to it. */
    private static final double BF16_STEP = 0x1p-7;

    /** Relative error of products with a factor whose numbers were rounded to BF16, each by this at most. */
    private static final double ROUNDED_FACTOR = 0x1p-8;

    private Twins() {}

    /**
     * Compares the results of one sample.
     *
     * @param name of the op
     * @param sample what was computed
     * @param bytes its results, as {@link Runs} gives them
     */
    static void compare(String name, Sample sample, List<byte[]> bytes) {
        compare(name, sample, bytes, Integer.MAX_VALUE);
    }

    /**
     * Compares the results of one sample.
     *
     * @param name of the op
     * @param sample what was computed
     * @param bytes its results, as {@link Runs} gives them
     * @param firstProduct the results from this one on are products with a factor that is rounded to BF16 within the op
     */
    static void compare(String name, Sample sample, List<byte[]> bytes, int firstProduct) {
        List<double[]> expected = Runs.reference(sample);
        List<TensorType> types = Runs.resultTypes(sample);
        assertEquals(expected.size(), bytes.size(), name);
        for (int result = 0; result < expected.size(); result++) {
            double[] actual = Runs.decode(types.get(result), bytes.get(result));
            String which = name + " " + sample + ", result " + result;
            if (result >= firstProduct) {
                compareDirection(which, expected.get(result), actual);
            } else if (types.get(result).dtype() == DType.BF16) {
                compareRounded(which, sample.tolerance(), expected.get(result), actual);
            } else {
                compare(which, sample.tolerance(), expected.get(result), actual);
            }
        }
    }

    private static void compare(String name, double tolerance, double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length, name);
        double scale = scale(expected);
        double worst = 0;
        int where = -1;
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(actual[i] - expected[i]) / (scale + Math.abs(expected[i]));
            if (!(error <= worst)) { // also where the error is not a number
                worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
                where = i;
            }
        }
        if (worst > tolerance) {
            fail(name + ", element " + where + ": " + actual[where] + ", but the reference is " + expected[where]
                    + "; relative error " + worst + " above " + tolerance);
        }
    }

    /** As vectors: what is rounded within the op, in most of the numbers a little, shows in all of them together. */
    private static void compareDirection(String name, double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length, name);
        double squares = 0;
        double errors = 0;
        for (int i = 0; i < expected.length; i++) {
            squares += expected[i] * expected[i];
            errors += (actual[i] - expected[i]) * (actual[i] - expected[i]);
        }
        double relative = Math.sqrt(errors / Math.max(squares, 1e-24));
        if (!(relative <= ROUNDED_FACTOR)) { // also where it is not a number
            fail(name + ": relative error " + relative + " above " + ROUNDED_FACTOR);
        }
    }

    /** Both were rounded once: nearly all are equal, and the others, which were near the middle between two numbers of BF16, are neighbours. */
    private static void compareRounded(String name, double tolerance, double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length, name);
        double scale = scale(expected);
        int different = 0;
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            double bound = BF16_STEP * Math.abs(expected[i]) + tolerance * scale;
            if (!(error <= bound)) {
                fail(name + ", element " + i + ": " + actual[i] + ", but the reference is " + expected[i]);
            }
            different += error > 0 ? 1 : 0;
        }
        if (different > 2 + expected.length / 50) {
            fail(name + ": " + different + " of " + expected.length + " numbers are rounded otherwise");
        }
    }

    /** The root mean square; 1 for few numbers, or all zero, which may be what is left of larger ones. */
    private static double scale(double[] expected) {
        double mean = Arrays.stream(expected).map(v -> v * v).average().orElseThrow();
        return expected.length < 16 || mean < 1e-24 ? 1 : Math.sqrt(mean);
    }
}
