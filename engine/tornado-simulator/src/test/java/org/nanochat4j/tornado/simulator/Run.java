package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.function.Executable;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** One graph, run once. */
final class Run {
    private Run() {}

    /** A graph "g" whose task "t" has items in groups of 64. */
    static void once(int items, UnaryOperator<TaskGraph> tasks) {
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(tasks.apply(new TaskGraph("g")).snapshot())) {
            plan.withGridScheduler(new GridScheduler("g.t", grid(items))).execute();
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException(e);
        }
    }

    static WorkerGrid grid(int items) {
        WorkerGrid grid = new WorkerGrid1D(items);
        grid.setLocalWork(TestKernels.GROUP, 1, 1);
        return grid;
    }

    /** The message of what is thrown. */
    static String message(Class<? extends Throwable> type, Executable executable) {
        return Objects.requireNonNullElse(assertThrows(type, executable).getMessage(), "");
    }

    /** 0, 1, 2, ... */
    static FloatArray count(int n) {
        FloatArray array = new FloatArray(n);
        for (int i = 0; i < n; i++) {
            array.set(i, i);
        }
        return array;
    }
}
