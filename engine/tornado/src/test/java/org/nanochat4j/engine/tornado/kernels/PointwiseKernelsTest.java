package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.Axpby;
import org.nanochat4j.engine.op.Fill;
import org.nanochat4j.engine.op.Mix;
import org.nanochat4j.engine.op.Mul;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;
import org.nanochat4j.engine.op.Scale;
import org.nanochat4j.engine.op.ScaleBy;
import org.nanochat4j.engine.op.Sigmoid;
import org.nanochat4j.engine.op.SigmoidGrad;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task6;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task8;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

class PointwiseKernelsTest {
    private static final double BOUND = 1e-6;

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 1000})
    void oneOperand(int n) {
        unary(n, new ReluSquared(), PointwiseKernels::reluSquared);
        unary(n, new Sigmoid(), PointwiseKernels::sigmoid);
    }

    private static void unary(
            int n, Op op, Task6<KernelContext, FloatArray, Integer, FloatArray, Integer, Integer> kernel) {
        Workbench bench = new Workbench(n, 1 << 13);
        Cell x = bench.normal(n);
        Cell y = bench.room(n);
        double[] expected = bench.reference(op, x).getFirst();
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), kernel, bench.context, bench.floats, x.at(), bench.floats, y.at(), n),
                Launch.elements(n));
        bench.run();
        bench.check(op.name(), BOUND, y, expected);
        bench.checkMargins(op.name());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 1000})
    void twoOperands(int n) {
        binary(n, new Add(), PointwiseKernels::add);
        binary(n, new Mul(), PointwiseKernels::mul);
        binary(n, new ReluSquaredGrad(), PointwiseKernels::reluSquaredGrad);
        binary(n, new SigmoidGrad(), PointwiseKernels::sigmoidGrad);
    }

    private static void binary(
            int n,
            Op op,
            Task8<KernelContext, FloatArray, Integer, FloatArray, Integer, FloatArray, Integer, Integer> kernel) {
        Workbench bench = new Workbench(n, 1 << 13);
        Cell a = bench.normal(n);
        Cell b = bench.normal(n);
        Cell y = bench.room(n);
        double[] expected = bench.reference(op, a, b).getFirst();
        binary(bench, kernel, a, b, y);
        bench.run();
        bench.check(op.name(), BOUND, y, expected);
        bench.checkMargins(op.name());
    }

    private static void binary(
            Workbench bench,
            Task8<KernelContext, FloatArray, Integer, FloatArray, Integer, FloatArray, Integer, Integer> kernel,
            Cell a,
            Cell b,
            Cell y) {
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        kernel,
                        bench.context,
                        bench.floats,
                        a.at(),
                        bench.floats,
                        b.at(),
                        bench.floats,
                        y.at(),
                        y.elements()),
                Launch.elements(y.elements()));
    }

    @Test
    void accumulateInPlace() {
        Workbench bench = new Workbench(3, 1 << 13);
        Cell a = bench.normal(300);
        Cell b = bench.normal(300);
        double[] expected = bench.written(new Accumulate(), a, b).getFirst();
        binary(bench, PointwiseKernels::add, a, b, a);
        bench.run();
        bench.check("a", BOUND, a, expected);
        bench.checkMargins("accumulate");
    }

    @Test
    void weightedSumsAndProducts() {
        Workbench bench = new Workbench(4, 1 << 13);
        int n = 300;
        Cell a = bench.normal(n);
        Cell b = bench.normal(n);
        Cell s = bench.normal(1);
        Cell t = bench.normal(1);
        Cell weighted = bench.room(n);
        Cell mixed = bench.room(n);
        Cell scaled = bench.room(n);
        Cell scaledBy = bench.room(n);
        Cell filled = bench.room(n);
        Cell capped = bench.room(n);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        PointwiseKernels::axpby,
                        bench.context,
                        2.5f,
                        bench.floats,
                        a.at(),
                        -0.5f,
                        bench.floats,
                        b.at(),
                        bench.floats,
                        weighted.at(),
                        n),
                Launch.elements(n));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        PointwiseKernels::weightedSum,
                        bench.context,
                        bench.floats,
                        s.at(),
                        bench.floats,
                        a.at(),
                        bench.floats,
                        t.at(),
                        bench.floats,
                        b.at(),
                        bench.floats,
                        mixed.at(),
                        n),
                Launch.elements(n));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        PointwiseKernels::scale,
                        bench.context,
                        -3f,
                        bench.floats,
                        a.at(),
                        bench.floats,
                        scaled.at(),
                        n),
                Launch.elements(n));
        binary(bench, PointwiseKernels::scaleBy, a, s, scaledBy);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(), PointwiseKernels::fill, bench.context, 1.5f, bench.floats, filled.at(), n),
                Launch.elements(n));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        PointwiseKernels::softcap,
                        bench.context,
                        2f,
                        bench.floats,
                        a.at(),
                        bench.floats,
                        capped.at(),
                        n),
                Launch.elements(n));
        bench.run();
        bench.check(
                "axpby",
                BOUND,
                weighted,
                bench.reference(new Axpby(2.5f, -0.5f), a, b).getFirst());
        bench.check("mix", BOUND, mixed, bench.reference(new Mix(), s, a, t, b).getFirst());
        bench.check("scale", BOUND, scaled, bench.reference(new Scale(-3f), a).getFirst());
        bench.check(
                "scaleBy", BOUND, scaledBy, bench.reference(new ScaleBy(), a, s).getFirst());
        bench.check(
                "fill",
                0,
                filled,
                bench.reference(new Fill(filled.type().shape(), 1.5f)).getFirst());
        double[] expected = bench.read(a);
        for (int i = 0; i < n; i++) {
            expected[i] = 2 * Math.tanh(expected[i] / 2);
        }
        bench.check("softcap", BOUND, capped, expected);
        bench.checkMargins("pointwise");
    }

    /** With computed bits; a device that converts itself is that of the checked tests. */
    @Test
    void roundsToBf16AsTheReferenceDoes() {
        int builtIn = 0;
        float[] special = {
            0f,
            1f,
            -1f,
            1.00390625f,
            1.01171875f,
            -1.00390625f,
            3.4028235e38f,
            3.3895314e38f,
            65535f,
            2e-38f,
            -3e-38f,
            1.17549435e-38f,
            3.1415927f,
            0.1f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN
        };
        Workbench bench = new Workbench(9, 1 << 13);
        Cell x = bench.normal(1000);
        for (int i = 0; i < special.length; i++) {
            bench.floats.set(x.at() + i, special[i]);
        }
        for (int i = special.length; i < 300; i++) {
            bench.floats.set(x.at() + i, (float) (bench.floats.get(x.at() + i) * Math.pow(2, i % 200 - 100)));
        }
        Cell back = bench.room(1000);
        ShortArray halves = new ShortArray(1010);
        ShortArray copy = new ShortArray(1010);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        CastKernels::toBf16,
                        bench.context,
                        builtIn,
                        bench.floats,
                        x.at(),
                        halves,
                        3,
                        1000),
                Launch.elements(1000));
        bench.task(
                TaskPackage.createPackage(bench.next(), CastKernels::copy, bench.context, halves, 3, copy, 5, 1000),
                Launch.elements(1000));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        CastKernels::fromBf16,
                        bench.context,
                        builtIn,
                        copy,
                        5,
                        bench.floats,
                        back.at(),
                        1000),
                Launch.elements(1000));
        bench.run();
        for (int i = 0; i < 1000; i++) {
            float value = bench.floats.get(x.at() + i);
            float found = bench.floats.get(back.at() + i);
            if (Float.isNaN(value)) {
                assertFalse(Float.isFinite(found), "NaN became " + found); // OpenCL drops NaN under fast-math flags
            } else {
                assertEquals(bf16(value), found, "element " + i + ", " + value);
            }
        }
    }

    private static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7FFF + ((bits >>> 16) & 1)) & 0xFFFF0000);
    }
}
