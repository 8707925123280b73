package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.tornado.simulator.WorkGroup.Barrier;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceMMANotSupported;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
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
    private final List<List<Runnable>> copies = new ArrayList<>(List.of(new ArrayList<>()));
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

    /** {@return the lane of the item in its warp} */
    public int lane() {
        return number % WorkGroup.WARP;
    }

    /** {@return the values of all lanes of the warp, in return for this lane's} */
    public Object[] exchange(Object value) {
        requireWarps("exchanges values in a warp");
        return inKernel().exchange(number, value);
    }

    /** {@return this lane's part of a tile A of a tensor-core product} */
    public HalfFloat[] tileA(int[] tile, int rowHalves, int byteOffset) {
        requireWarps("uses tensor cores");
        return TensorCore.loadA(tile, rowHalves, byteOffset, lane());
    }

    /** {@return this lane's part of a tile B of a tensor-core product} */
    public HalfFloat[] tileB(int[] tile, int byteOffset) {
        requireWarps("uses tensor cores");
        return TensorCore.loadB(tile, byteOffset, lane());
    }

    /** {@return this lane's part of A B + C, with factors in F16 or BF16} */
    public float[] product(HalfFloat[] a, HalfFloat[] b, float[] c, MMAShape shape, boolean bf16) {
        if (shape != MMAShape.M16N8K16) {
            throw new TornadoDeviceMMANotSupported(
                    "the simulated device multiplies tiles of " + MMAShape.M16N8K16 + " only, not " + shape);
        }
        Object[] lanes = exchange(new TensorCore.Factors(a, b));
        return TensorCore.multiply(lanes, c, bf16 ? TensorCore.Format.BF16 : TensorCore.Format.F16, lane());
    }

    /** Writes this lane's part of a product into a row-major matrix. */
    public void storeTile(float[] d, FloatArray matrix, int row, int column, int columns) {
        TensorCore.store(d, matrix, row, column, columns, lane());
    }

    /** Begins a copy to local memory, which is there after {@link #awaitCopies}. */
    public void copyLater(Runnable copy) {
        requireWarps("copies asynchronously");
        copies.getLast().add(copy);
    }

    /** Closes the group of copies begun so far. */
    public void closeCopies() {
        copies.add(new ArrayList<>());
    }

    /** Waits until at most so many closed groups of copies are under way. */
    public void awaitCopies(int groups) {
        while (copies.size() - 1 > groups) {
            copies.removeFirst().forEach(Runnable::run);
        }
    }

    private void requireWarps(String what) {
        if (!Simulator.device().tensorCores()) {
            throw new TornadoDeviceMMANotSupported(
                    "a kernel " + what + ", which " + Simulator.device().driver() + " cannot");
        }
    }

    private WorkGroup inKernel() {
        if (group == null) {
            throw new IllegalStateException("a KernelContext works in a running kernel only");
        }
        return group;
    }
}
