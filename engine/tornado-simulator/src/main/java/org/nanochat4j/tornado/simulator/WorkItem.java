package org.nanochat4j.tornado.simulator;

import org.jspecify.annotations.Nullable;
import org.nanochat4j.tornado.simulator.WorkGroup.Barrier;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** One of the items that a kernel is launched with: its place in the grid, and what it shares with its group. */
public final class WorkItem {
    /** The context outside kernels: nothing can be asked of it. */
    public static final WorkItem NONE = new WorkItem();

    private final @Nullable WorkGroup group;
    private final int number;
    private final int[] place;
    private final int[] groupPlace;
    private final int[] localSize;
    private final int[] globalSize;
    private int allocations;

    private WorkItem() {
        group = null;
        number = 0;
        place = new int[3];
        groupPlace = new int[3];
        localSize = new int[] {1, 1, 1};
        globalSize = localSize;
    }

    WorkItem(WorkGroup group, int number) {
        this.group = group;
        this.number = number;
        localSize = group.launch().localSize();
        globalSize = group.launch().globalSize();
        groupPlace = group.place();
        place = new int[] {
            number % localSize[0], number / localSize[0] % localSize[1], number / (localSize[0] * localSize[1])
        };
    }

    /** {@return the place in the grid along a dimension} */
    public int global(int dimension) {
        return groupPlace[dimension] * localSize[dimension] + place[dimension];
    }

    /** {@return the group's place} */
    public int group(int dimension) {
        return groupPlace[dimension];
    }

    /** {@return the place in the group} */
    public int local(int dimension) {
        return place[dimension];
    }

    /** {@return the grid's size} */
    public int globalSize(int dimension) {
        return globalSize[dimension];
    }

    /** {@return the group's size} */
    public int localSize(int dimension) {
        return localSize[dimension];
    }

    /** Waits for the group; orders local memory. */
    public void localBarrier() {
        inKernel().barrier(number, Barrier.LOCAL);
    }

    /** Waits for the group; orders device memory too. */
    public void globalBarrier() {
        inKernel().barrier(number, Barrier.GLOBAL);
    }

    /** {@return the group's array of this allocation, the same for all its items, full of garbage} */
    public <T> T local(Class<T> type, int size) {
        return type.cast(inKernel().local(allocations++, type, size));
    }

    /** Adds to an int of the device, or of the group. */
    public void atomicAdd(TornadoNativeArray array, int index, int value) {
        inKernel();
        Doors.arrays().cells(array).add(index, value);
    }

    /** Adds to a long of the device. */
    public void atomicAdd(TornadoNativeArray array, int index, long value) {
        inKernel();
        Doors.arrays().cells(array).add(index, value);
    }

    /** Adds to a float of the device, where it can do that. */
    public void atomicAdd(TornadoNativeArray array, int index, float value) {
        Launch launch = inKernel().launch();
        if (!Simulator.device().floatAtomics()) {
            throw launch.error(
                    "adds floats atomically, which " + Simulator.device().driver() + " cannot",
                    "let one item own each element (sort or search by owner)");
        }
        launch.roundsByOrder();
        Doors.arrays().cells(array).add(index, value);
    }

    private WorkGroup inKernel() {
        if (group == null) {
            throw new IllegalStateException("a KernelContext works in a running kernel only");
        }
        return group;
    }
}
