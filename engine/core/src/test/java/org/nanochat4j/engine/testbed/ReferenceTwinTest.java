package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Kernels of the CPU backend against the naive twins in double precision, on random shapes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReferenceTwinTest {
    private static final int SHAPES = 8;

    private Engine engine;

    @BeforeAll
    void open() {
        engine = Engine.open("cpu", new BackendOptions(2));
    }

    @AfterAll
    void close() {
        engine.close();
    }

    @TestFactory
    @DisplayName("kernel = naive twin within the op's tolerance")
    Stream<DynamicTest> twins() {
        return OpCatalogue.entries().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    for (Sample sample : entry.samples(SHAPES, false)) {
                        compare(entry.name(), sample);
                    }
                    for (Sample sample : entry.samples(SHAPES, true)) {
                        compare(entry.name(), sample);
                    }
                }));
    }

    private void compare(String name, Sample sample) {
        List<double[]> expected = Runs.reference(sample);
        List<byte[]> bytes = Runs.eager(engine, sample, Runs.Operands.VARIABLES);
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
