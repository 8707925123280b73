package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Choosing tokens from logits (rows, columns), one group for each row. */
public final class SamplingKernels {
    private static final int ITEMS = 256;

    private static final float LOWEST = -3.4e38f;
    private static final float HIGHEST = 3.4e38f;

    private SamplingKernels() {}

    /**
     * The launch of all kernels here.
     *
     * @param rows of logits
     * @return one group for each row
     */
    public static Launch launch(int rows) {
        return Launch.groups(rows, ITEMS);
    }

    /** y[r] = place of the largest of x[r, :], the first on ties. Launch: {@link #launch}. */
    public static void argMax(KernelContext context, FloatArray x, int xAt, IntArray y, int yAt, int columns) {
        float[] values = context.allocateFloatLocalArray(ITEMS);
        int[] ids = context.allocateIntLocalArray(ITEMS);
        best(context, x, xAt + context.groupIdx * columns, columns, HIGHEST, -1, values, ids);
        if (context.localIdx == 0) {
            y.set(yAt + context.groupIdx, ids[0] < columns ? ids[0] : 0);
        }
    }

    /** The largest number behind a given one in the order of falling numbers, ties by rising place: its number and place in values[0] and ids[0]. */
    private static void best(
            KernelContext context,
            FloatArray x,
            int start,
            int columns,
            float before,
            int beforeId,
            float[] values,
            int[] ids) {
        int item = context.localIdx;
        float most = LOWEST;
        int place = columns;
        for (int i = item; i < columns; i += ITEMS) {
            float value = x.get(start + i);
            if (value > most && (value < before || (value == before && i > beforeId))) {
                most = value;
                place = i;
            }
        }
        values[item] = most;
        ids[item] = place;
        context.localBarrier();
        for (int stride = ITEMS / 2; stride > 0; stride /= 2) {
            if (item < stride) {
                float other = values[item + stride];
                int otherId = ids[item + stride];
                if (other > values[item] || (other == values[item] && otherId < ids[item])) {
                    values[item] = other;
                    ids[item] = otherId;
                }
            }
            context.localBarrier();
        }
    }

    /**
     * Scratch memory of {@link #sample}.
     *
     * @param rows of logits
     * @param candidates as there
     * @param columns of logits
     * @return numbers
     */
    public static int scratch(int rows, int candidates, int columns) {
        return candidates == 0 || candidates >= columns ? 0 : Math.multiplyExact(2 * rows, candidates);
    }

    /**
     * Draws one token per row: the inverse of the cumulative softmax of the largest logits over the temperature, at a uniform number.
     *
     * <p>Few candidates are found one after the other and ordered by falling logit, ties by rising id; all of them are taken by id. Temperature 0 takes the
     * largest. Launch: {@link #launch}.
     *
     * @param candidates how many; 0 or at least columns means all
     * @param temperature (1)
     * @param uniform numbers in [0, 1) (rows)
     * @param scratch {@link #scratch} numbers
     */
    public static void sample(
            KernelContext context,
            int candidates,
            FloatArray logits,
            int logitsAt,
            FloatArray temperature,
            int temperatureAt,
            FloatArray uniform,
            int uniformAt,
            FloatArray scratch,
            int scratchAt,
            IntArray y,
            int yAt,
            int columns) {
        float[] values = context.allocateFloatLocalArray(ITEMS);
        int[] ids = context.allocateIntLocalArray(ITEMS);
        int item = context.localIdx;
        int row = context.groupIdx;
        int start = logitsAt + row * columns;
        float heat = temperature.get(temperatureAt);
        best(context, logits, start, columns, HIGHEST, -1, values, ids);
        float largest = values[0];
        int chosen = ids[0] < columns ? ids[0] : 0;
        context.localBarrier();
        if (candidates == 0 || candidates >= columns) {
            int span = (columns + ITEMS - 1) / ITEMS;
            float part = 0f;
            for (int i = item * span; i < columns && i < (item + 1) * span; i++) {
                part += TornadoMath.exp((logits.get(start + i) - largest) / heat);
            }
            values[item] = part;
            context.localBarrier();
            if (item == 0 && heat > 0f) {
                chosen = drawFromAll(logits, start, columns, largest, heat, uniform.get(uniformAt + row), values);
            }
        } else {
            int list = scratchAt + 2 * row * candidates;
            float before = HIGHEST;
            int beforeId = -1;
            for (int i = 0; i < candidates; i++) {
                best(context, logits, start, columns, before, beforeId, values, ids);
                before = values[0];
                beforeId = ids[0];
                context.localBarrier();
                if (item == 0) {
                    scratch.set(list + 2 * i, TornadoMath.exp((before - largest) / heat));
                    scratch.set(list + 2 * i + 1, beforeId);
                }
            }
            if (item == 0 && heat > 0f) {
                chosen = drawFromList(scratch, list, candidates, uniform.get(uniformAt + row));
            }
        }
        if (item == 0) {
            y.set(yAt + row, chosen);
        }
    }

    /** First finds the part in which the cumulative sum passes its mark, then the token. */
    private static int drawFromAll(
            FloatArray logits, int start, int columns, float largest, float heat, float uniform, float[] parts) {
        int span = (columns + ITEMS - 1) / ITEMS;
        float total = 0f;
        for (int i = 0; i < ITEMS; i++) {
            total += parts[i];
        }
        float mark = uniform * total;
        float cumulative = 0f;
        int chosen = -1;
        int last = 0;
        for (int part = 0; part < ITEMS; part++) {
            float next = cumulative + parts[part];
            if (chosen < 0 && next > mark) {
                float sum = cumulative;
                for (int i = part * span; i < columns && i < (part + 1) * span; i++) {
                    float weight = TornadoMath.exp((logits.get(start + i) - largest) / heat);
                    sum += weight;
                    if (weight > 0f) {
                        last = i;
                    }
                    if (chosen < 0 && sum > mark) {
                        chosen = i;
                    }
                }
                // Sums in another order may fall short of the mark by their rounding: then it is the last of this part.
                if (chosen < 0) {
                    chosen = last;
                }
            }
            cumulative = next;
        }
        return chosen < 0 ? columns - 1 : chosen;
    }

    /** The first candidate at which the cumulative sum of weights passes its mark. */
    private static int drawFromList(FloatArray list, int at, int candidates, float uniform) {
        float total = 0f;
        for (int i = 0; i < candidates; i++) {
            total += list.get(at + 2 * i);
        }
        float mark = uniform * total;
        float cumulative = 0f;
        int chosen = (int) list.get(at + 2 * candidates - 1);
        int found = 0;
        for (int i = 0; i < candidates; i++) {
            cumulative += list.get(at + 2 * i);
            if (found == 0 && cumulative > mark) {
                found = 1;
                chosen = (int) list.get(at + 2 * i + 1);
            }
        }
        return chosen;
    }
}
