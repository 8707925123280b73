package org.nanochat4j.engine.tornado;

import java.util.Collection;
import org.nanochat4j.engine.tornado.kernels.Launch;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One kernel with its arguments and how many items run it.
 *
 * @param work the kernel with its arguments, under a name that is its own within the program
 * @param launch its items
 */
record Task(TaskPackage work, Launch launch) {
    String name() {
        return work.getId();
    }

    /** How many arguments there are; the first of a package's parameters is the kernel. */
    int arguments() {
        return work.getTaskParameters().length - 1;
    }

    /** How many of the arguments are arrays, each of which the kernel may write. */
    int arrays() {
        int count = 0;
        for (Object argument : work.getTaskParameters()) {
            if (argument instanceof TornadoNativeArray) {
                count++;
            }
        }
        return count;
    }

    /** Adds the numbers among the arguments. */
    void collectConstants(Collection<? super Number> constants) {
        for (Object argument : work.getTaskParameters()) {
            if (argument instanceof Number number) {
                constants.add(number);
            }
        }
    }

    WorkerGrid grid() {
        WorkerGrid grid = launch.globalZ() > 1
                ? new WorkerGrid3D(launch.globalX(), launch.globalY(), launch.globalZ())
                : launch.globalY() > 1
                        ? new WorkerGrid2D(launch.globalX(), launch.globalY())
                        : new WorkerGrid1D(launch.globalX());
        grid.setLocalWork(launch.localX(), launch.localY(), launch.localZ());
        return grid;
    }
}
