package uk.ac.manchester.tornado.api;

import org.nanochat4j.tornado.simulator.Doors;
import org.nanochat4j.tornado.simulator.WorkItem;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** What a kernel knows of its place in the grid, and the operations of work-groups. */
public class KernelContext {
    static {
        Doors.open(KernelContext::new);
    }

    /** Place in the grid along x. */
    public final Integer globalIdx;

    /** Place in the grid along y. */
    public final Integer globalIdy;

    /** Place in the grid along z. */
    public final Integer globalIdz;

    /** The group's place along x. */
    public final Integer groupIdx;

    /** The group's place along y. */
    public final Integer groupIdy;

    /** The group's place along z. */
    public final Integer groupIdz;

    /** Place in the group along x. */
    public final Integer localIdx;

    /** Place in the group along y. */
    public final Integer localIdy;

    /** Place in the group along z. */
    public final Integer localIdz;

    /** Work-items along x. */
    public final Integer globalGroupSizeX;

    /** Work-items along y. */
    public final Integer globalGroupSizeY;

    /** Work-items along z. */
    public final Integer globalGroupSizeZ;

    /** Work-items of a group along x. */
    public final Integer localGroupSizeX;

    /** Work-items of a group along y. */
    public final Integer localGroupSizeY;

    /** Work-items of a group along z. */
    public final Integer localGroupSizeZ;

    private final WorkItem item;

    /** What is given to a task as argument; each work-item gets its own in its place. */
    public KernelContext() {
        this(WorkItem.NONE);
    }

    private KernelContext(WorkItem item) {
        this.item = item;
        globalIdx = item.global(0);
        globalIdy = item.global(1);
        globalIdz = item.global(2);
        groupIdx = item.group(0);
        groupIdy = item.group(1);
        groupIdz = item.group(2);
        localIdx = item.local(0);
        localIdy = item.local(1);
        localIdz = item.local(2);
        globalGroupSizeX = item.globalSize(0);
        globalGroupSizeY = item.globalSize(1);
        globalGroupSizeZ = item.globalSize(2);
        localGroupSizeX = item.localSize(0);
        localGroupSizeY = item.localSize(1);
        localGroupSizeZ = item.localSize(2);
    }

    /** Waits for the group; local memory written before is visible after. */
    public void localBarrier() {
        item.localBarrier();
    }

    /** Waits for the group; device memory written before is visible to the group after. */
    public void globalBarrier() {
        item.globalBarrier();
    }

    /** {@return an array of the group} */
    public int[] allocateIntLocalArray(int size) {
        return item.local(int[].class, size);
    }

    /** {@return an array of the group} */
    public byte[] allocateByteLocalArray(int size) {
        return item.local(byte[].class, size);
    }

    /** {@return an array of the group} */
    public HalfFloat[] allocateHalfFloatLocalArray(int size) {
        return item.local(HalfFloat[].class, size);
    }

    /** {@return an array of the group} */
    public long[] allocateLongLocalArray(int size) {
        return item.local(long[].class, size);
    }

    /** {@return an array of the group} */
    public float[] allocateFloatLocalArray(int size) {
        return item.local(float[].class, size);
    }

    /** {@return an array of the group} */
    public double[] allocateDoubleLocalArray(int size) {
        return item.local(double[].class, size);
    }

    /** Adds, undisturbed by other items. */
    public void atomicAdd(IntArray array, int index, int val) {
        item.atomicAdd(array, index, val);
    }

    /** Adds in local memory, undisturbed by other items. */
    public void atomicAdd(int[] array, int index, int val) {
        array[index] += val;
    }

    /** Adds, undisturbed by other items. */
    public void atomicAdd(LongArray array, int index, long val) {
        item.atomicAdd(array, index, val);
    }

    /** Adds, undisturbed by other items, where the device can. */
    public void atomicAdd(FloatArray array, int index, float val) {
        item.atomicAdd(array, index, val);
    }

    /** {@return the sum over the warp} */
    public float simdSum(float val) {
        float sum = 0;
        for (Object lane : item.exchange(val)) {
            sum += (Float) lane;
        }
        return sum;
    }

    /** {@return the value of the lane that is delta ahead; the own one if there is none} */
    public float simdShuffleDown(float val, int delta) {
        Object[] lanes = item.exchange(val);
        int lane = item.lane() + delta;
        return lane < lanes.length ? (Float) lanes[lane] : val;
    }

    /** {@return the value of lane 0} */
    public float simdBroadcastFirst(float val) {
        return (Float) item.exchange(val)[0];
    }

    /** {@return a lane's part of a tile C, all v} */
    public float[] mmaFragment(float v) {
        return new float[] {v, v, v, v};
    }

    /** {@return a lane's part of a tile A (16, 16) whose rows have wmmaK halves, two in an int} */
    public HalfFloat[] mmaLoadA(int[] aTile, int wmmaK) {
        return item.tileA(aTile, wmmaK, 0);
    }

    /** As {@link #mmaLoadA(int[], int)}, from a byte on. */
    public HalfFloat[] mmaLoadA(int[] aTile, int wmmaK, int byteOffset) {
        return item.tileA(aTile, wmmaK, byteOffset);
    }

    /** {@return a lane's part of a tile B (16, 8), row-major, two halves in an int} */
    public HalfFloat[] mmaLoadB(int[] bTile, int wmmaK) {
        return item.tileB(bTile, 0);
    }

    /** As {@link #mmaLoadB(int[], int)}, from a byte on. */
    public HalfFloat[] mmaLoadB(int[] bTile, int wmmaK, int byteOffset) {
        return item.tileB(bTile, byteOffset);
    }

    /** {@return a lane's part of A B + C, with factors in F16} */
    public float[] mma(HalfFloat[] fragA, HalfFloat[] fragB, float[] fragC, MMAShape mmaShape) {
        return item.product(fragA, fragB, fragC, mmaShape, false);
    }

    /** {@return a lane's part of A B + C, with factors in BF16} */
    public float[] mmaBF16(HalfFloat[] fragA, HalfFloat[] fragB, float[] fragC, MMAShape mmaShape) {
        return item.product(fragA, fragB, fragC, mmaShape, true);
    }

    /** Writes a lane's part of a tile (16, 8) into a row-major matrix of dimN columns. */
    public void mmaStore(float[] fragD, FloatArray c, int tileRow, int tileCol, int dimN) {
        item.storeTile(fragD, c, tileRow, tileCol, dimN);
    }

    /** Begins to copy two halves into an int of a tile. */
    public void asyncCopyToLocal(int[] dstTile, int dstIndex, HalfFloatArray src, int srcIndex) {
        item.copyLater(() -> dstTile[dstIndex] = src.get(srcIndex).getHalfFloatValue() & 0xffff
                | src.get(srcIndex + 1).getHalfFloatValue() << Short.SIZE);
    }

    /** Closes a group of copies. */
    public void asyncCopyCommit() {
        item.closeCopies();
    }

    /** Waits until at most so many groups of copies are under way. */
    public void asyncCopyWaitGroup(int groups) {
        item.awaitCopies(groups);
    }
}
