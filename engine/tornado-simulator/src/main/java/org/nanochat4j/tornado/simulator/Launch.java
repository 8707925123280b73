package org.nanochat4j.tornado.simulator;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;

/** One run of a kernel over a grid. */
final class Launch {
    private static final int DEFAULT_GROUP = 64;

    private final String kernel;
    private final KernelCode code;
    private final Object[] arguments;
    private final int[] global;
    private final int[] local;

    Launch(String kernel, KernelCode code, Object[] arguments, WorkerGrid grid) {
        this.kernel = kernel;
        this.code = code;
        this.arguments = arguments;
        global = Arrays.stream(grid.getGlobalWork()).mapToInt(Math::toIntExact).toArray();
        local = grid.getLocalWork() == null
                ? new int[] {divisor(global[0]), 1, 1}
                : Arrays.stream(grid.getLocalWork()).mapToInt(Math::toIntExact).toArray();
        for (int d = 0; d < 3; d++) {
            if (local[d] < 1 || global[d] % local[d] != 0) {
                throw new SimulatorException("kernel " + kernel + ": a grid of " + Arrays.toString(global)
                        + " work-items cannot be cut into groups of " + Arrays.toString(local));
            }
        }
    }

    private static int divisor(int size) {
        int group = Math.min(DEFAULT_GROUP, size);
        while (size % group != 0) {
            group--;
        }
        return group;
    }

    void run() {
        for (int z = 0; z < global[2] / local[2]; z++) {
            for (int y = 0; y < global[1] / local[1]; y++) {
                for (int x = 0; x < global[0] / local[0]; x++) {
                    group(new int[] {x, y, z});
                }
            }
        }
    }

    private void group(int[] id) {
        WorkGroup[] group = new WorkGroup[1];
        group[0] = new WorkGroup(kernel, local[0] * local[1] * local[2], item -> item(group[0], id, item));
        group[0].run();
    }

    private void item(WorkGroup group, int[] id, int number) {
        int[] place = {number % local[0], number / local[0] % local[1], number / (local[0] * local[1])};
        int[] all = new int[3];
        for (int d = 0; d < 3; d++) {
            all[d] = id[d] * local[d] + place[d];
        }
        KernelContext context = Doors.contexts().apply(new WorkItem(group, all, id, place, global, local));
        Object[] bound = arguments.clone();
        for (int i = 0; i < bound.length; i++) {
            if (bound[i] instanceof KernelContext) {
                bound[i] = context;
            }
        }
        code.run(bound);
    }
}
