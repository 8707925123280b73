package org.nanochat4j.engine.tornado.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleSupplier;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.reference.ReferenceInterpreter;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Operands side by side in one array, as the backend lays them out, tasks over them, and what the reference makes of the same numbers.
 *
 * <p>Runs on whatever is behind TornadoVM's API: the simulator in the build, a device where the SDK is on the module path.
 */
final class Workbench {
    /** Numbers between two operands; they must still be garbage afterwards. */
    private static final int MARGIN = 5;

    private static final float GARBAGE = Float.NaN;

    /** From a number of BF16 to the next, at most, relative to it. */
    private static final double BF16_STEP = 0x1p-7;

    /**
     * An operand or a result.
     *
     * @param at its first element
     * @param type element type and shape
     */
    record Cell(int at, TensorType type) {
        int elements() {
            return Math.toIntExact(type.elements());
        }

        int end() {
            return at + elements();
        }
    }

    final KernelContext context = new KernelContext();
    final FloatArray floats;

    /** A second array: a task may write no two arguments that are the same array. */
    final FloatArray scratch;

    final IntArray ints;

    /** BF16. */
    final ShortArray halves;

    private final Random random;
    private final List<Cell> cells = new ArrayList<>();
    private final List<TaskPackage> tasks = new ArrayList<>();
    private final GridScheduler grids = new GridScheduler();
    private int usedFloats = MARGIN;
    private int usedInts;
    private int usedHalves = MARGIN;

    Workbench(long seed, int capacity) {
        random = new Random(seed);
        floats = new FloatArray(capacity);
        floats.init(GARBAGE);
        scratch = new FloatArray(capacity);
        scratch.init(GARBAGE);
        ints = new IntArray(capacity);
        ints.init(Integer.MIN_VALUE);
        halves = new ShortArray(capacity);
        halves.init(Bf16.bits(GARBAGE));
    }

    /** Normal numbers. */
    Cell normal(int... dims) {
        return f32(random::nextGaussian, dims);
    }

    /** Numbers in [low, high). */
    Cell uniform(double low, double high, int... dims) {
        return f32(() -> low + (high - low) * random.nextDouble(), dims);
    }

    /** Given numbers. */
    Cell values(double... values) {
        int[] next = {0};
        return f32(() -> values[next[0]++], values.length);
    }

    /** Few distinct numbers, so that there are ties. */
    Cell ties(int... dims) {
        return f32(() -> random.nextInt(5) * 0.5 - 1, dims);
    }

    /** Room for a result, full of garbage. */
    Cell room(int... dims) {
        return f32(() -> GARBAGE, dims);
    }

    private Cell f32(DoubleSupplier source, int... dims) {
        Cell cell = new Cell(usedFloats, TensorType.f32(dims));
        for (int i = cell.at(); i < cell.end(); i++) {
            floats.set(i, (float) source.getAsDouble());
        }
        usedFloats = cell.end() + MARGIN;
        cells.add(cell);
        return cell;
    }

    /** Normal numbers of BF16. */
    Cell normalHalves(int... dims) {
        return bf16(random::nextGaussian, dims);
    }

    /** Room for a result of BF16, full of garbage. */
    Cell roomHalves(int... dims) {
        return bf16(() -> GARBAGE, dims);
    }

    private Cell bf16(DoubleSupplier source, int... dims) {
        Cell cell = new Cell(usedHalves, new TensorType(DType.BF16, Shape.of(dims)));
        for (int i = cell.at(); i < cell.end(); i++) {
            halves.set(i, Bf16.bits((float) source.getAsDouble()));
        }
        usedHalves = cell.end() + MARGIN;
        cells.add(cell);
        return cell;
    }

    /** Integers, both bounds included. */
    Cell ids(int least, int most, int... dims) {
        Cell cell = new Cell(usedInts, TensorType.i32(dims));
        for (int i = cell.at(); i < cell.end(); i++) {
            ints.set(i, least + random.nextInt(most - least + 1));
        }
        usedInts = cell.end();
        return cell;
    }

    int between(int least, int most) {
        return least + random.nextInt(most - least + 1);
    }

    /** The numbers of a cell as they are now. */
    double[] read(Cell cell) {
        double[] values = new double[cell.elements()];
        Arrays.setAll(values, i -> number(cell.type().dtype(), cell.at() + i));
        return values;
    }

    private double number(DType dtype, int at) {
        return switch (dtype) {
            case I32 -> ints.get(at);
            case BF16 -> Bf16.toFloat(halves.get(at));
            default -> floats.get(at);
        };
    }

    /** What the reference makes of cells as they are now: the results of the op. */
    List<double[]> reference(Op op, Cell... operands) {
        return reference(op, List.of(operands), false);
    }

    /** What the reference makes of cells that the op writes: all operands afterwards. */
    List<double[]> written(Op op, Cell... operands) {
        return reference(op, List.of(operands), true);
    }

    private List<double[]> reference(Op op, List<Cell> operands, boolean afterwards) {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        List<Variable> variables = new ArrayList<>();
        for (Cell cell : operands) {
            Variable variable = new Variable("x" + variables.size(), cell.type(), Variable.Role.INPUT);
            interpreter.write(variable, read(cell));
            variables.add(variable);
        }
        List<Tensor> results =
                interpreter.apply(op, variables.stream().map(interpreter::use).toList());
        return afterwards
                ? variables.stream().map(interpreter::read).toList()
                : results.stream().map(interpreter::read).toList();
    }

    /** The name of the next task. */
    String next() {
        return "t" + tasks.size();
    }

    /** Adds a task, named {@link #next}. */
    void task(TaskPackage task, Launch launch) {
        WorkerGrid grid = new WorkerGrid3D(launch.globalX(), launch.globalY(), launch.globalZ());
        grid.setLocalWork(launch.localX(), launch.localY(), launch.localZ());
        grids.addWorkerGrid("bench." + task.getId(), grid);
        tasks.add(task);
    }

    /** Runs all tasks, on copies of all arrays that they name. */
    void run() {
        Set<Object> arrays = new LinkedHashSet<>();
        for (TaskPackage task : tasks) {
            for (Object argument : task.getTaskParameters()) {
                if (argument instanceof TornadoNativeArray) {
                    arrays.add(argument);
                }
            }
        }
        TaskGraph graph = new TaskGraph("bench");
        graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays.toArray());
        tasks.forEach(graph::addTask);
        graph.transferToHost(DataTransferMode.EVERY_EXECUTION, arrays.toArray());
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids).execute();
        } catch (TornadoExecutionPlanException e) {
            throw new AssertionError(e);
        }
        tasks.clear();
    }

    /** Requires a result to be within a bound of the expected numbers, relative to the number and the root mean square of all. */
    void check(String what, double bound, Cell actual, double[] expected) {
        double squares = Arrays.stream(expected)
                .filter(e -> !Double.isNaN(e))
                .map(e -> e * e)
                .sum();
        double scale = Math.sqrt(squares / expected.length);
        double[] found = read(actual);
        assertEquals(expected.length, found.length, what);
        for (int i = 0; i < expected.length; i++) {
            boolean same = Double.isNaN(expected[i])
                    ? Double.isNaN(found[i])
                    : Math.abs(found[i] - expected[i]) <= bound * (Math.abs(expected[i]) + scale);
            if (!same) {
                fail(what + " " + actual.type() + ": element " + i + " is " + found[i] + ", the reference says "
                        + expected[i]);
            }
        }
    }

    /** Requires a result of BF16 to be the expected numbers, but for a few that were rounded to the other side. */
    void checkRounded(String what, Cell actual, double[] expected) {
        check(what, BF16_STEP, actual, expected);
        double[] found = read(actual);
        int different = 0;
        for (int i = 0; i < expected.length; i++) {
            different += found[i] == expected[i] ? 0 : 1;
        }
        if (different > 2 + expected.length / 50) {
            fail(what + ": " + different + " of " + expected.length + " numbers are rounded otherwise");
        }
    }

    /** Requires the numbers between operands to be garbage still. */
    void checkMargins(String what) {
        for (Cell cell : cells) {
            for (int i = cell.end(); i < cell.end() + MARGIN; i++) {
                if (!Double.isNaN(number(cell.type().dtype(), i))) {
                    fail(what + ": something was written behind " + cell);
                }
            }
        }
    }
}
