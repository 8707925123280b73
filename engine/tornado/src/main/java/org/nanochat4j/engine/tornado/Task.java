package org.nanochat4j.engine.tornado;

import java.util.Collection;
import java.util.Optional;
import java.util.stream.Stream;
import org.nanochat4j.engine.tornado.cublas.Gemm;
import org.nanochat4j.engine.tornado.kernels.Launch;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** One entry of a task graph: a kernel, or a call of a library. */
sealed interface Task {
    /** A name that is its own within the program. */
    String name();

    /** How many arguments there are. */
    int arguments();

    /** How many of the arguments are arrays, each of which the task may write. */
    int arrays();

    /** Adds the numbers among the arguments. */
    void collectConstants(Collection<? super Number> constants);

    /** Puts it at the end of a graph. */
    void addTo(TaskGraph graph);

    /** The items of a kernel; a library launches its own. */
    Optional<WorkerGrid> grid();

    /**
     * One kernel with its arguments and how many items run it.
     *
     * @param work the kernel with its arguments
     * @param launch its items
     */
    record Kernel(TaskPackage work, Launch launch) implements Task {
        @Override
        public String name() {
            return work.getId();
        }

        /** The first of a package's parameters is the kernel. */
        @Override
        public int arguments() {
            return work.getTaskParameters().length - 1;
        }

        @Override
        public int arrays() {
            return (int) Stream.of(work.getTaskParameters())
                    .filter(TornadoNativeArray.class::isInstance)
                    .count();
        }

        @Override
        public void collectConstants(Collection<? super Number> constants) {
            for (Object argument : work.getTaskParameters()) {
                if (argument instanceof Number number) {
                    constants.add(number);
                }
            }
        }

        @Override
        public void addTo(TaskGraph graph) {
            graph.addTask(work);
        }

        @Override
        public Optional<WorkerGrid> grid() {
            WorkerGrid grid = launch.globalZ() > 1
                    ? new WorkerGrid3D(launch.globalX(), launch.globalY(), launch.globalZ())
                    : launch.globalY() > 1
                            ? new WorkerGrid2D(launch.globalX(), launch.globalY())
                            : new WorkerGrid1D(launch.globalX());
            grid.setLocalWork(launch.localX(), launch.localY(), launch.localZ());
            return Optional.of(grid);
        }
    }

    /**
     * Matrix products by the library.
     *
     * @param name of the task
     * @param gemm what to multiply
     * @param a bank of the first factor
     * @param b bank of the second factor
     * @param c bank of the product
     */
    record Product(String name, Gemm gemm, Bank a, Bank b, Bank c) implements Task {
        @Override
        public int arguments() {
            return arrays();
        }

        @Override
        public int arrays() {
            return 3;
        }

        /** None: numbers come along outside of the arguments. */
        @Override
        public void collectConstants(Collection<? super Number> constants) {}

        @Override
        public void addTo(TaskGraph graph) {
            gemm.addTo(graph, name, a.array(), b.array(), c.array());
        }

        @Override
        public Optional<WorkerGrid> grid() {
            return Optional.empty();
        }
    }
}
