package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.tornado.kernels.Workbench.Cell;
import org.nanochat4j.tornado.simulator.KernelScan;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;
import org.nanochat4j.tornado.simulator.SimulatorException;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task10;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The gradient of a table by atomic adds, with everything checked: items in three orders, races, what lies around it. */
class AtomicEmbeddingTest {
    /** Relative to a number and the root mean square of all: a sum of n terms in any order is off by about sqrt(n) halves of 2^-23, and n is at most 400. */
    private static final double BOUND = 5e-6;

    /** A kernel with the parameters of {@link EmbeddingKernels#addRows}. */
    private interface Kernel
            extends Task10<
                    KernelContext,
                    FloatArray,
                    Integer,
                    IntArray,
                    Integer,
                    FloatArray,
                    Integer,
                    Integer,
                    Integer,
                    Integer> {}

    @ParameterizedTest(name = "{0} ids from {1} to {2} in a table ({3}, {4})")
    @CsvSource({
        "1, 0, 0, 1, 1",
        "100, 0, 6, 7, 33",
        "300, 0, 1999, 2000, 5",
        "65, 0, 29, 30, 130",
        "400, 3, 3, 9, 3",
        "50, 8, 8, 9, 40",
        "64, 0, 0, 9, 256",
        "90, -1, 4, 4, 7"
    })
    @DisplayName("adds up repeated ids, ids at the edges, leaves out those beyond, whatever the columns")
    void addsUp(int count, int least, int most, int rows, int columns) {
        Workbench bench = new Workbench(count, 1 << 16);
        Cell ids = bench.ids(least, most, count);
        Cell dy = bench.normal(count, columns);
        Cell gradient = bench.room(rows, columns);
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
            run(bench, EmbeddingKernels::addRows, dy, ids, gradient);
        }
        for (int i = 0; i < count; i++) {
            int id = bench.ints.get(ids.at() + i);
            if (id < 0 || id >= rows) { // the reference refuses them: the same without their rows
                bench.ints.set(ids.at() + i, 0);
                for (int c = 0; c < columns; c++) {
                    bench.floats.set(dy.at() + i * columns + c, 0f);
                }
            }
        }
        bench.check(
                "gradient",
                BOUND,
                gradient,
                bench.reference(new EmbeddingGrad(rows), dy, ids).getFirst());
        bench.checkMargins("gradient");
    }

    private static void run(Workbench bench, Kernel kernel, Cell dy, Cell ids, Cell gradient) {
        int rows = gradient.type().shape().dim(0);
        int columns = gradient.type().shape().dim(1);
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        PointwiseKernels::fill,
                        bench.context,
                        0f,
                        bench.floats,
                        gradient.at(),
                        gradient.elements()),
                Launch.elements(gradient.elements()));
        bench.task(
                TaskPackage.createPackage(
                        bench.next(),
                        kernel,
                        bench.context,
                        bench.floats,
                        dy.at(),
                        bench.ints,
                        ids.at(),
                        bench.floats,
                        gradient.at(),
                        ids.elements(),
                        rows,
                        columns),
                Launch.elements(dy.elements()));
        bench.run();
    }

    /** As {@link EmbeddingKernels#addRows}, but reads and writes instead of adding atomically. */
    static void addRowsPlainly(
            KernelContext context,
            FloatArray dy,
            int dyAt,
            IntArray ids,
            int idsAt,
            FloatArray dTable,
            int dTableAt,
            int count,
            int rows,
            int columns) {
        int i = context.globalIdx;
        if (i < count * columns) {
            int at = dTableAt + ids.get(idsAt + i / columns) * columns + i % columns;
            dTable.set(at, dTable.get(at) + dy.get(dyAt + i));
        }
    }

    @Test
    @DisplayName("broken: the same without atomic adds is a race")
    void plainAddsRace() {
        Workbench bench = new Workbench(1, 1 << 12);
        Cell ids = bench.ids(0, 3, 20);
        Cell dy = bench.normal(20, 8);
        Cell gradient = bench.room(4, 8);
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
            SimulatorException caught = assertThrows(
                    SimulatorException.class, () -> run(bench, AtomicEmbeddingTest::addRowsPlainly, dy, ids, gradient));
            String message = String.valueOf(caught.getMessage());
            assertTrue(message.contains("addRowsPlainly"), message);
            assertTrue(message.contains("use an atomic operation"), message);
        }
    }

    @Test
    @DisplayName("TornadoVM compiles its bytecode")
    void bytecode() {
        assertEquals(List.of(), KernelScan.of(List.of(EmbeddingKernels.class), SimulatedDevice.CUDA));
    }
}
