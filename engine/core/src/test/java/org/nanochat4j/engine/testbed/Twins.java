package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.List;
import org.nanochat4j.engine.TensorType;

/** Compares what a backend computed with the naive twin in double precision. */
final class Twins {
    private Twins() {}

    /**
     * Compares the results of one sample.
     *
     * @param name of the op
     * @param sample what was computed
     * @param bytes its results, as {@link Runs} gives them
     */
    static void compare(String name, Sample sample, List<byte[]> bytes) {
        List<double[]> expected = Runs.reference(sample);
        List<TensorType> types = Runs.resultTypes(sample);
        assertEquals(expected.size(), bytes.size(), name);
        for (int result = 0; result < expected.size(); result++) {
            double[] actual = Runs.decode(types.get(result), bytes.get(result));
            compare(name + " " + sample + ", result " + result, sample.tolerance(), expected.get(result), actual);
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

    /** The root mean square; 1 for few numbers, or all zero, which may be what is left of larger ones. */
    private static double scale(double[] expected) {
        double mean = Arrays.stream(expected).map(v -> v * v).average().orElseThrow();
        return expected.length < 16 || mean < 1e-24 ? 1 : Math.sqrt(mean);
    }
}
