package org.nanochat4j.tornado.simulator;

import org.jspecify.annotations.Nullable;

/** One of the items that a kernel is launched with: its place in the grid, and what it shares with its group. */
public final class WorkItem {
    private static final int[] ONE = {1, 1, 1};

    /** The context outside kernels: nothing can be asked of it. */
    public static final WorkItem NONE = new WorkItem(null, new int[3], new int[3], new int[3], ONE, ONE);

    private final @Nullable WorkGroup group;
    private final int[] global;
    private final int[] groupId;
    private final int[] local;
    private final int[] globalSize;
    private final int[] localSize;
    private int allocations;

    WorkItem(@Nullable WorkGroup group, int[] global, int[] groupId, int[] local, int[] globalSize, int[] localSize) {
        this.group = group;
        this.global = global;
        this.groupId = groupId;
        this.local = local;
        this.globalSize = globalSize;
        this.localSize = localSize;
    }

    /** {@return the place in the grid along a dimension} */
    public int global(int dimension) {
        return global[dimension];
    }

    /** {@return the group's place} */
    public int group(int dimension) {
        return groupId[dimension];
    }

    /** {@return the place in the group} */
    public int local(int dimension) {
        return local[dimension];
    }

    /** {@return the grid's size} */
    public int globalSize(int dimension) {
        return globalSize[dimension];
    }

    /** {@return the group's size} */
    public int localSize(int dimension) {
        return localSize[dimension];
    }

    /** Waits for the group. */
    public void barrier() {
        inKernel().barrier();
    }

    /** {@return the group's array of this allocation, the same for all its items} */
    public <T> T local(Class<T> type, int size) {
        return type.cast(inKernel().local(allocations++, type, size));
    }

    private WorkGroup inKernel() {
        if (group == null) {
            throw new IllegalStateException("a KernelContext works in a running kernel only");
        }
        return group;
    }
}
