package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Rows of a table (rows, columns) by id, and the gradient of the table.
 *
 * <p>The gradient needs no atomic operations and adds up in the order of the ids: {@link #chain} links the places of each id to a list, then every row of the
 * table walks its own list in {@link #grad}. {@link #addRows} is the other way: no lists and no waiting for the most frequent id, but sums in any order.
 */
public final class EmbeddingKernels {
    /** Largest number of ids: lists are kept as floats, which hold integers up to here. */
    public static final int MOST_IDS = 1 << 24;

    /** Items that build lists; each looks at all ids, so that every list has one owner. */
    private static final int OWNERS = 1024;

    private static final int OWNERS_OF_GROUP = 64;

    private static final int MOST_ITEMS = 256;

    private EmbeddingKernels() {}

    /** y[i, :] = table[ids[i], :]; NaN where an id is outside the table. Launch: {@link Launch#elements} of count * columns. */
    public static void gather(
            KernelContext context,
            FloatArray table,
            int tableAt,
            IntArray ids,
            int idsAt,
            FloatArray y,
            int yAt,
            int count,
            int rows,
            int columns) {
        int i = context.globalIdx;
        if (i < count * columns) {
            int id = ids.get(idsAt + i / columns);
            if (id >= 0 && id < rows) {
                y.set(yAt + i, table.get(tableAt + id * columns + i % columns));
            } else {
                y.set(yAt + i, Poison.because(id));
            }
        }
    }

    /** {@link #gather} from a table of BF16. */
    public static void gatherHalves(
            KernelContext context,
            ShortArray table,
            int tableAt,
            IntArray ids,
            int idsAt,
            ShortArray y,
            int yAt,
            int count,
            int rows,
            int columns) {
        int i = context.globalIdx;
        if (i < count * columns) {
            int id = ids.get(idsAt + i / columns);
            if (id >= 0 && id < rows) {
                y.set(yAt + i, table.get(tableAt + id * columns + i % columns));
            } else {
                y.set(yAt + i, Halves.NOT_A_NUMBER);
            }
        }
    }

    /**
     * Scratch memory of the gradient.
     *
     * @param count ids
     * @param rows of the table
     * @return numbers
     */
    public static int scratch(int count, int rows) {
        return Math.addExact(count, rows);
    }

    /**
     * The launch of {@link #chain}.
     *
     * @param count ids
     * @return as many items as there are owners of lists
     */
    public static Launch chainLaunch(int count) {
        if (count > MOST_IDS) {
            throw new IllegalArgumentException(count + " ids, at most " + MOST_IDS);
        }
        return Launch.groups(OWNERS / OWNERS_OF_GROUP, OWNERS_OF_GROUP);
    }

    /**
     * Links the places of each id: chain[id] is the first, chain[rows + place] the next one, -1 ends a list.
     *
     * <p>Launch: {@link #chainLaunch}. An item owns a range of ids and goes through the places from the last to the first.
     *
     * @param ids (count); those outside the table are left out, {@link #gather} has marked them
     * @param chain {@link #scratch} numbers
     */
    public static void chain(
            KernelContext context, IntArray ids, int idsAt, FloatArray chain, int chainAt, int count, int rows) {
        int span = (rows + OWNERS - 1) / OWNERS;
        int from = context.globalIdx * span;
        int to = from + span < rows ? from + span : rows;
        if (from < rows) {
            for (int id = from; id < to; id++) {
                chain.set(chainAt + id, -1f);
            }
            for (int place = count - 1 - Rolled.from(context); place >= 0; place--) {
                int id = ids.get(idsAt + place);
                if (id >= from && id < to) {
                    chain.set(chainAt + rows + place, chain.get(chainAt + id));
                    chain.set(chainAt + id, place);
                }
            }
        }
    }

    /**
     * The launch of {@link #grad}.
     *
     * @param rows of the table
     * @param columns of the table
     * @return one group for each row
     */
    public static Launch gradLaunch(int rows, int columns) {
        int items = 32;
        while (items < MOST_ITEMS && items < columns) {
            items *= 2;
        }
        return Launch.groups(rows, items);
    }

    /** dTable[r, :] = sum of dy[i, :] over the places i of id r, in their order. Launch: {@link #gradLaunch}. */
    public static void grad(
            KernelContext context,
            FloatArray dy,
            int dyAt,
            FloatArray chain,
            int chainAt,
            FloatArray dTable,
            int dTableAt,
            int rows,
            int columns) {
        int row = context.groupIdx;
        for (int c = context.localIdx; c < columns; c += context.localGroupSizeX) {
            float sum = 0f;
            int place = (int) chain.get(chainAt + row);
            while (place >= 0) {
                sum += dy.get(dyAt + place * columns + c);
                place = (int) chain.get(chainAt + rows + place);
            }
            dTable.set(dTableAt + row * columns + c, sum);
        }
    }

    /**
     * dTable[ids[i], :] += dy[i, :], atomically, since several items may add to one element. The order of the sums, and so their last bits, differ from run to run.
     *
     * <p>Launch: {@link Launch#elements} of count * columns. The device must have atomic adds of floats.
     *
     * @param dy (count, columns)
     * @param ids (count); those outside the table are left out, {@link #gather} has marked them
     * @param dTable (rows, columns), zero at first
     */
    public static void addRows(
            KernelContext context,
            FloatArray dy,
            int dyAt,
            IntArray ids,
            int idsAt,
            FloatArray dTable,
            int dTableAt,
            int count,
            int rows,
            int columns) {
        int i = context.globalIdx;
        if (i < count * columns) {
            int id = ids.get(idsAt + i / columns);
            if (id >= 0 && id < rows) {
                context.atomicAdd(dTable, dTableAt + id * columns + i % columns, dy.get(dyAt + i));
            }
        }
    }
}
