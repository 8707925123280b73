package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static uk.ac.manchester.tornado.api.enums.DataTransferMode.EVERY_EXECUTION;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.tornado.simulator.KernelScan;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Losses and the rounded gradient of logits, where races and missing barriers are errors, against formulas in double precision. */
class NarrowLossKernelsTest {
    private static final int ROWS = 5;
    private static final int VOCABULARY = 300;

    /** From row to row, of which the rest is garbage. */
    private static final int STRIDE = 320;

    private static final int AT = 3;

    private static final KernelContext CONTEXT = new KernelContext();

    private final FloatArray logits = new FloatArray(AT + ROWS * STRIDE);
    private final IntArray targets = IntArray.fromElements(0, 0, 0, 7, 299, -1, 0, 120);
    private final FloatArray counted = FloatArray.fromElements(0, 4);
    private final FloatArray losses = new FloatArray(AT + ROWS + 1);
    private final ShortArray gradient = new ShortArray(AT + ROWS * VOCABULARY + 1);

    /** Devices with caps: none, one that bounds logits enough to do without their maximum, one that does not. */
    static Stream<Arguments> devicesAndCaps() {
        return Stream.of(SimulatedDevice.CUDA, SimulatedDevice.OPENCL)
                .flatMap(device -> Stream.of(0f, 15f, 60f).map(cap -> Arguments.of(device, cap)));
    }

    private void run(SimulatedDevice device, float cap, double spread) throws Exception {
        Random random = new Random(17);
        logits.init(Float.NaN);
        for (int row = 0; row < ROWS; row++) {
            for (int i = 0; i < VOCABULARY; i++) {
                logits.set(AT + row * STRIDE + i, (float) (spread * random.nextGaussian()));
            }
        }
        losses.init(Float.NaN);
        gradient.init((short) 1);
        int builtIn = device.equals(SimulatedDevice.CUDA) ? 1 : 0;
        WorkerGrid grid = new WorkerGrid1D(LossKernels.launch(ROWS).globalX());
        grid.setLocalWork(LossKernels.launch(ROWS).localX(), 1, 1);
        try (Simulator _ = Simulator.checking(device)) {
            TaskGraph graph =
                    new TaskGraph("g").transferToDevice(EVERY_EXECUTION, targets, counted, logits, losses, gradient);
            graph.addTask(TaskPackage.createPackage(
                    "losses",
                    NarrowLossKernels::losses,
                    CONTEXT,
                    cap,
                    targets,
                    AT,
                    logits,
                    AT,
                    STRIDE,
                    losses,
                    AT,
                    VOCABULARY));
            graph.addTask(TaskPackage.createPackage(
                    "gradient",
                    NarrowLossKernels::gradient,
                    CONTEXT,
                    builtIn,
                    cap,
                    targets,
                    AT,
                    counted,
                    1,
                    logits,
                    AT,
                    STRIDE,
                    losses,
                    AT,
                    gradient,
                    AT,
                    VOCABULARY));
            GridScheduler grids = new GridScheduler();
            grids.addWorkerGrid("g.losses", grid);
            grids.addWorkerGrid("g.gradient", grid);
            graph.transferToHost(EVERY_EXECUTION, losses, gradient);
            try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
                plan.withGridScheduler(grids).execute();
            }
        }
    }

    private double capped(int row, int i, float cap) {
        double logit = logits.get(AT + row * STRIDE + i);
        return cap > 0 ? cap * Math.tanh(logit / cap) : logit;
    }

    @ParameterizedTest(name = "{0}, cap {1}")
    @MethodSource("devicesAndCaps")
    void againstFormulas(SimulatedDevice device, float cap) throws Exception {
        double spread = cap == 15f ? 8 : 40;
        run(device, cap, spread);
        for (int row = 0; row < ROWS; row++) {
            int target = targets.get(AT + row);
            double largest = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < VOCABULARY; i++) {
                largest = Math.max(largest, capped(row, i, cap));
            }
            double total = 0;
            for (int i = 0; i < VOCABULARY; i++) {
                total += Math.exp(capped(row, i, cap) - largest);
            }
            double logSumExp = largest + Math.log(total);
            double loss = target < 0 ? 0 : logSumExp - capped(row, target, cap);
            assertEquals(loss, losses.get(AT + row), 2e-6 * (loss + spread), "loss of row " + row);
            for (int i = 0; i < VOCABULARY; i++) {
                double z = capped(row, i, cap);
                double slope = cap > 0 ? 1 - z / cap * (z / cap) : 1;
                double change = (Math.exp(z - logSumExp) - (i == target ? 1 : 0)) * slope / 4;
                double expected = target < 0 ? 0 : change;
                double actual = Bf16.toFloat(gradient.get(AT + row * VOCABULARY + i));
                // Half a step of BF16, and what F32 makes of exponents.
                double bound = Math.abs(expected) * (0x1p-8 + 1e-4) + 1e-7;
                assertEquals(expected, actual, bound, "gradient of row " + row + ", " + i);
            }
        }
        assertTrue(Float.isNaN(losses.get(AT - 1)) && Float.isNaN(losses.get(AT + ROWS)), "around losses");
        assertEquals(1, gradient.get(AT - 1));
        assertEquals(1, gradient.get(AT + ROWS * VOCABULARY));
    }

    @Test
    @DisplayName("a target outside the vocabulary makes loss and gradient of its row NaN, and of no other")
    void wrongTarget() throws Exception {
        targets.set(AT + 1, VOCABULARY);
        targets.set(AT + 3, -2);
        run(SimulatedDevice.CUDA, 15, 1);
        for (int row = 0; row < ROWS; row++) {
            boolean wrong = row == 1 || row == 3;
            assertEquals(wrong, Float.isNaN(losses.get(AT + row)), "loss of row " + row);
            for (int i = 0; i < VOCABULARY; i++) {
                float value = Bf16.toFloat(gradient.get(AT + row * VOCABULARY + i));
                assertEquals(wrong, Float.isNaN(value), "gradient of row " + row);
            }
        }
    }

    @Test
    @DisplayName("nothing in the kernels that TornadoVM refuses")
    void scanned() {
        for (SimulatedDevice device : List.of(SimulatedDevice.CUDA, SimulatedDevice.OPENCL)) {
            assertEquals(List.of(), KernelScan.of(List.of(NarrowLossKernels.class), device));
        }
    }
}
