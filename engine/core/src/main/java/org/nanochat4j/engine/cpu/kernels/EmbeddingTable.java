package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getInt;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.VectorMask;
import org.nanochat4j.engine.EngineException;

/** Rows of a table (rows, columns) by id, and the gradient of the table. */
public final class EmbeddingTable {
    private static final int RANGES = 64;

    private EmbeddingTable() {}

    /** y[i, :] = table[ids[i], :], with rows of so many bytes. */
    public static Kernel gather(Parallel pool, long count, int rows, long rowBytes, long table, long ids, long y) {
        RowKernel copy = new RowKernel(pool, count, rowBytes / 4) {
            @Override
            void row(long i) {
                Memory.copy(table + rowBytes * getInt(ids + 4 * i), y + rowBytes * i, rowBytes);
            }
        };
        return () -> {
            check(count, rows, ids);
            copy.run();
        };
    }

    /**
     * table[ids[i], :] += dy[i, :] from zero. Each part owns a range of rows and looks at all ids in order, so no two threads write one row and the order
     * of additions is fixed.
     */
    public static Kernel scatter(Parallel pool, long count, int rows, int columns, long dy, long ids, long table) {
        int ranges = Math.min(RANGES, rows);
        Parallel.Task range = (index, worker) -> {
            long first = (long) rows * index / ranges;
            long end = (long) rows * (index + 1) / ranges;
            Memory.zero(table + 4 * first * columns, 4 * (end - first) * columns);
            for (long i = 0; i < count; i++) {
                int id = getInt(ids + 4 * i);
                if (id >= first && id < end) {
                    addRow(table + 4L * id * columns, dy + 4 * i * columns, columns);
                }
            }
        };
        return () -> {
            check(count, rows, ids);
            pool.run(ranges, range);
        };
    }

    private static void addRow(long to, long from, int columns) {
        int i = 0;
        for (; i + LANES <= columns; i += LANES) {
            fromMemorySegment(F, ALL, to + 4L * i, LITTLE_ENDIAN)
                    .add(fromMemorySegment(F, ALL, from + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN);
        }
        if (i < columns) {
            VectorMask<Float> mask = F.indexInRange(i, columns);
            fromMemorySegment(F, ALL, to + 4L * i, LITTLE_ENDIAN, mask)
                    .add(fromMemorySegment(F, ALL, from + 4L * i, LITTLE_ENDIAN, mask))
                    .intoMemorySegment(ALL, to + 4L * i, LITTLE_ENDIAN, mask);
        }
    }

    private static void check(long count, int rows, long ids) {
        for (long i = 0; i < count; i++) {
            int id = getInt(ids + 4 * i);
            if (id < 0 || id >= rows) {
                throw new EngineException.BadData("id " + id + " at index " + i + " is outside the table of " + rows
                        + " rows\n  remedy: ids come from the tokenizer that the table was made for");
            }
        }
    }
}
