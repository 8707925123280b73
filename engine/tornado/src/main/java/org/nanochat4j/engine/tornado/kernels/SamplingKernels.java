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
        int place = next(context, x, xAt + context.groupIdx * columns, columns, HIGHEST, -1);
        if (context.localIdx == 0) {
            y.set(yAt + context.groupIdx, place);
        }
    }

    /** The place of the first number behind a given one, in the order of falling numbers and, among equal ones, rising places. */
    private static int next(
            KernelContext context, FloatArray x, int start, int columns, float before, int beforePlace) {
        float most = LOWEST;
        int place = columns;
        for (int i = context.localIdx; i < columns; i += ITEMS) {
            float value = x.get(start + i);
            if (value > most && (value < before || (value == before && i > beforePlace))) {
                most = value;
                place = i;
            }
        }
        int best = Group.placeOfMax(context, most, place);
        return best < columns ? best : 0;
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
        int item = context.localIdx;
        int row = context.groupIdx;
        int start = logitsAt + row * columns;
        float heat = temperature.get(temperatureAt);
        int chosen = next(context, logits, start, columns, HIGHEST, -1);
        float largest = logits.get(start + chosen);
        if (candidates == 0 || candidates >= columns) {
            int drawn = drawFromAll(context, logits, start, columns, largest, heat, uniform.get(uniformAt + row));
            if (heat > 0f) {
                chosen = drawn;
            }
        } else {
            int list = scratchAt + 2 * row * candidates;
            float before = HIGHEST;
            int place = -1;
            for (int i = Rolled.from(context); i < candidates; i++) {
                place = next(context, logits, start, columns, before, place);
                before = logits.get(start + place);
                if (item == 0) {
                    scratch.set(list + 2 * i, TornadoMath.exp((before - largest) / heat));
                    scratch.set(list + 2 * i + 1, place);
                }
            }
            if (item == 0 && heat > 0f) {
                chosen = drawFromList(context, scratch, list, candidates, uniform.get(uniformAt + row));
            }
        }
        if (item == 0) {
            y.set(yAt + row, chosen);
        }
    }

    /** Every item adds up a run of weights; the first item finds the run in which the cumulative sum passes its mark, then the token. */
    private static int drawFromAll(
            KernelContext context,
            FloatArray logits,
            int start,
            int columns,
            float largest,
            float heat,
            float uniform) {
        float[] parts = context.allocateFloatLocalArray(ITEMS);
        int item = context.localIdx;
        int span = (columns + ITEMS - 1) / ITEMS;
        float part = 0f;
        for (int i = item * span; i < columns && i < (item + 1) * span; i++) {
            part += TornadoMath.exp((logits.get(start + i) - largest) / heat);
        }
        parts[item] = part;
        context.localBarrier();
        int chosen = columns - 1;
        if (item == 0) {
            float total = 0f;
            for (int i = Rolled.from(context); i < ITEMS; i++) {
                total += parts[i];
            }
            float mark = uniform * total;
            float sum = 0f;
            int run = 0;
            while ((run + 1) * span < columns && sum + parts[run] <= mark) {
                sum += parts[run];
                run++;
            }
            // Added up one by one, the run may fall short of the mark by its rounding: then it is the last of the run.
            int last = (run + 1) * span < columns ? (run + 1) * span - 1 : columns - 1;
            chosen = run * span;
            sum += TornadoMath.exp((logits.get(start + chosen) - largest) / heat);
            while (chosen < last && sum <= mark) {
                chosen++;
                sum += TornadoMath.exp((logits.get(start + chosen) - largest) / heat);
            }
        }
        return chosen;
    }

    /** The first candidate at which the cumulative sum of weights passes its mark. */
    private static int drawFromList(KernelContext context, FloatArray list, int at, int candidates, float uniform) {
        float total = 0f;
        for (int i = Rolled.from(context); i < candidates; i++) {
            total += list.get(at + 2 * i);
        }
        float mark = uniform * total;
        float cumulative = 0f;
        int chosen = (int) list.get(at + 2 * candidates - 1);
        int found = 0;
        for (int i = Rolled.from(context); i < candidates; i++) {
            cumulative += list.get(at + 2 * i);
            if (found == 0 && cumulative > mark) {
                found = 1;
                chosen = (int) list.get(at + 2 * i + 1);
            }
        }
        return chosen;
    }
}
