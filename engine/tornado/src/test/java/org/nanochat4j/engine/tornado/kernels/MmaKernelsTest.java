package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.tornado.simulator.KernelScan;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Tensor-core products on the simulated CUDA device, where races and missing barriers are errors, against sums written out. */
class MmaKernelsTest {
    private static final int MARGIN = 7;

    private static final KernelContext CONTEXT = new KernelContext();

    private static short bits(float value) {
        return (short) (Float.floatToRawIntBits(value) >> Short.SIZE);
    }

    private static float value(short bits) {
        return Float.intBitsToFloat(bits << Short.SIZE);
    }

    /** Small multiples of 1/8, whose products and short sums are exact, behind a margin of NaN. */
    private static ShortArray draw(Random random, int count) {
        ShortArray array = new ShortArray(count + 2 * MARGIN);
        for (int i = 0; i < array.getSize(); i++) {
            boolean within = i >= MARGIN && i < MARGIN + count;
            array.set(i, bits(within ? (random.nextInt(33) - 16) / 8f : Float.NaN));
        }
        return array;
    }

    @ParameterizedTest(name = "{0} products of ({1}, {3}) and ({3}, {2})")
    @CsvSource({"1,1,1,1", "1,128,64,16", "2,3,65,17", "1,130,70,40", "1,64,8,33"})
    void allTranspositions(int stack, int m, int n, int k) throws Exception {
        Random random = new Random(m + 31L * n + 997L * k);
        for (int variant = 0; variant < 4; variant++) {
            int transposeA = variant % 2;
            int transposeB = variant / 2;
            ShortArray a = draw(random, stack * m * k);
            ShortArray b = draw(random, stack * k * n);
            int room = Math.toIntExact(MmaKernels.room(m, n, stack));
            FloatArray tiles = new FloatArray(room + 2 * MARGIN);
            tiles.init(Float.NaN);
            FloatArray c = new FloatArray(stack * m * n + 2 * MARGIN);
            c.init(Float.NaN);
            try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA)) {
                TaskGraph product = new TaskGraph("g").transferToDevice(EVERY_EXECUTION, a, b, tiles);
                product.addTask(TaskPackage.createPackage(
                        "t",
                        MmaKernels::multiply,
                        CONTEXT,
                        a,
                        MARGIN,
                        b,
                        MARGIN,
                        tiles,
                        MARGIN,
                        m,
                        n,
                        k,
                        transposeA,
                        transposeB));
                execute(product.transferToHost(EVERY_EXECUTION, tiles), MmaKernels.launch(m, n, stack));
                TaskGraph edges = new TaskGraph("g").transferToDevice(EVERY_EXECUTION, tiles, c);
                edges.addTask(TaskPackage.createPackage(
                        "t", MmaKernels::crop, CONTEXT, tiles, MARGIN, c, MARGIN, m, n, stack, 0));
                execute(edges.transferToHost(EVERY_EXECUTION, c), Launch.elements((long) stack * m * n));
                TaskGraph again = new TaskGraph("g").transferToDevice(EVERY_EXECUTION, tiles, c);
                again.addTask(TaskPackage.createPackage(
                        "t", MmaKernels::crop, CONTEXT, tiles, MARGIN, c, MARGIN, m, n, stack, 1));
                execute(again.transferToHost(EVERY_EXECUTION, c), Launch.elements((long) stack * m * n));
            }
            for (int i = 0; i < stack * m * n; i++) {
                int number = i / (m * n);
                int row = i / n % m;
                int column = i % n;
                float sum = 0;
                for (int l = 0; l < k; l++) {
                    int left = number * m * k + (transposeA == 1 ? l * m + row : row * k + l);
                    int right = number * k * n + (transposeB == 1 ? column * k + l : l * n + column);
                    sum += value(a.get(MARGIN + left)) * value(b.get(MARGIN + right));
                }
                assertEquals(
                        2 * sum, c.get(MARGIN + i), "twice product " + number + " row " + row + " column " + column);
            }
            for (int i = 0; i < MARGIN; i++) {
                assertTrue(
                        Float.isNaN(c.get(i)) && Float.isNaN(c.get(c.getSize() - 1 - i)), "around c nothing changes");
                assertTrue(Float.isNaN(tiles.get(i)) && Float.isNaN(tiles.get(tiles.getSize() - 1 - i)), "nor tiles");
            }
        }
    }

    private static void execute(TaskGraph graph, Launch launch) throws Exception {
        WorkerGrid grid = new WorkerGrid3D(launch.globalX(), launch.globalY(), launch.globalZ());
        grid.setLocalWork(launch.localX(), launch.localY(), launch.localZ());
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.t", grid)).execute();
        }
    }

    @Test
    @DisplayName("whole tiles are c itself")
    void wholeTiles() {
        assertTrue(MmaKernels.isWhole(256, 192));
        assertEquals(3 * 256 * 192, MmaKernels.room(256, 192, 3));
        assertEquals(192, MmaKernels.stride(192));
        assertEquals(192, MmaKernels.stride(129));
        assertFalse(MmaKernels.isWhole(256, 200));
        assertFalse(MmaKernels.isWhole(250, 192));
    }

    @Test
    @DisplayName("nothing in the kernels that TornadoVM refuses")
    void scanned() {
        assertEquals(List.of(), KernelScan.of(List.of(MmaKernels.class), SimulatedDevice.CUDA));
    }
}
