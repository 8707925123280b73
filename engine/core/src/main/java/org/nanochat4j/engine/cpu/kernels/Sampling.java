package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.getInt;
import static org.nanochat4j.engine.cpu.kernels.Memory.putInt;

/** Choosing tokens from logits, and writing keys and values into a cache. */
public final class Sampling {
    private Sampling() {}

    /** out[r] = index of the largest of logits[r, :], the first on ties. */
    public static Kernel argMax(Parallel pool, long rows, int columns, long logits, long out) {
        return new RowKernel(pool, rows, columns) {
            @Override
            void row(long row) {
                putInt(out + 4 * row, largest(logits + 4 * row * columns, columns));
            }
        };
    }

    private static int largest(long logits, int columns) {
        int best = 0;
        float most = getFloat(logits);
        for (int i = 1; i < columns; i++) {
            float value = getFloat(logits + 4L * i);
            if (value > most) {
                most = value;
                best = i;
            }
        }
        return best;
    }

    /** One token per row: see {@link org.nanochat4j.engine.op.TopKSample}. */
    public static Kernel topK(
            Parallel pool, int k, int rows, int columns, long logits, long temperature, long uniform, long out) {
        int candidates = k == 0 ? columns : Math.min(k, columns);
        int[][] heaps = new int[rows][candidates];
        return new RowKernel(pool, rows, columns) {
            @Override
            void row(long row) {
                long at = logits + 4 * row * columns;
                float heat = getFloat(temperature);
                int[] ids = heaps[(int) row];
                if (heat == 0) {
                    putInt(out + 4 * row, largest(at, columns));
                } else {
                    if (candidates < columns) {
                        select(at, columns, ids);
                    } else {
                        for (int i = 0; i < columns; i++) {
                            ids[i] = i;
                        }
                    }
                    putInt(out + 4 * row, draw(at, ids, heat, getFloat(uniform + 4 * row)));
                }
            }
        };
    }

    /** Fills ids with the largest logits: a heap with the smallest on top, then taken apart so that the largest comes first. */
    private static void select(long logits, int columns, int[] ids) {
        int size = 0;
        for (int i = 0; i < columns; i++) {
            if (size < ids.length) {
                ids[size] = i;
                up(logits, ids, size++);
            } else if (before(logits, i, ids[0])) {
                ids[0] = i;
                down(logits, ids, size);
            }
        }
        for (int end = size - 1; end > 0; end--) {
            int least = ids[0];
            ids[0] = ids[end];
            ids[end] = least;
            down(logits, ids, end);
        }
    }

    /** Whether a comes before b: larger logit, smaller id on ties. */
    private static boolean before(long logits, int a, int b) {
        float x = getFloat(logits + 4L * a);
        float y = getFloat(logits + 4L * b);
        return x > y || (x == y && a < b);
    }

    private static void up(long logits, int[] heap, int start) {
        int child = start;
        while (child > 0) {
            int parent = (child - 1) / 2;
            if (!before(logits, heap[parent], heap[child])) {
                return;
            }
            int swap = heap[parent];
            heap[parent] = heap[child];
            heap[child] = swap;
            child = parent;
        }
    }

    private static void down(long logits, int[] heap, int size) {
        int parent = 0;
        while (2 * parent + 1 < size) {
            int child = 2 * parent + 1;
            if (child + 1 < size && before(logits, heap[child], heap[child + 1])) {
                child++;
            }
            if (!before(logits, heap[parent], heap[child])) {
                return;
            }
            int swap = heap[parent];
            heap[parent] = heap[child];
            heap[child] = swap;
            parent = child;
        }
    }

    private static int draw(long logits, int[] ids, float temperature, float uniform) {
        float most = Float.NEGATIVE_INFINITY;
        for (int id : ids) {
            most = Math.max(most, getFloat(logits + 4L * id));
        }
        double total = 0;
        for (int id : ids) {
            total += weight(logits, id, most, temperature);
        }
        double rest = uniform * total;
        for (int id : ids) {
            rest -= weight(logits, id, most, temperature);
            if (rest < 0) {
                return id;
            }
        }
        return ids[ids.length - 1];
    }

    private static double weight(long logits, int id, float most, float temperature) {
        return Math.exp(((double) getFloat(logits + 4L * id) - most) / temperature);
    }

    /** cache[b, start[b] + t, :] = x[b, t, :]; positions at or beyond the end of the cache are left out. */
    public static Kernel append(
            Parallel pool, int batch, int time, int positions, int width, long cache, long x, long start) {
        return new RowKernel(pool, (long) batch * time, width) {
            @Override
            void row(long row) {
                int b = (int) (row / time);
                int position = getInt(start + 4L * b) + (int) (row % time);
                if (position >= 0 && position < positions) {
                    Memory.copy(
                            x + 4 * row * width, cache + 4L * ((long) b * positions + position) * width, 4L * width);
                }
            }
        };
    }
}
