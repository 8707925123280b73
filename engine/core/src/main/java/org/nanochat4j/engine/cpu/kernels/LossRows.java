package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.putFloat;

/**
 * What the loss knows of each row of a chunk: arrays of one float for each, in scratch memory, of z in units of log2(e).
 *
 * @param start address
 * @param chunk most rows of a chunk
 * @param ranges parts of the vocabulary
 */
record LossRows(long start, int chunk, int ranges) {
    /** Corrects U where the target is. */
    @FunctionalInterface
    interface Correction {
        /**
         * Subtracts.
         *
         * @param row of the chunk
         * @param target its target
         * @param excess what U is too large by
         */
        void subtract(int row, int target, double excess);
    }

    /** Bytes of one array. */
    long bytes() {
        return Memory.align(4L * chunk);
    }

    /** Capped logit of the target. */
    long target() {
        return start;
    }

    /** What is subtracted from a logit before it is exponentiated. */
    long shift() {
        return start + bytes();
    }

    /** 1 / (sum count), 0 where the target is ignored. */
    long factor() {
        return start + 2 * bytes();
    }

    /** Sums of exponentials of a range. */
    long sum(int range) {
        return start + (3 + range) * bytes();
    }

    /** Where the next part of the scratch memory begins. */
    long end() {
        return sum(ranges);
    }

    /**
     * The losses of a chunk, and the factors of its gradients.
     *
     * @param of the whole loss
     * @param first row of the chunk
     * @param count its rows
     * @param counted targets of all rows that count
     * @param correction of U, for each row that counts
     * @return the sum of the losses
     */
    double collect(LossOperands of, int first, int count, int counted, Correction correction) {
        double total = 0;
        for (int i = 0; i < count; i++) {
            int target = of.target(first + i);
            long loss = of.losses() + 4L * (first + i);
            if (target < 0) {
                putFloat(factor() + 4L * i, 0f);
                putFloat(loss, 0f);
                continue;
            }
            double sum = 0;
            for (int range = 0; range < ranges; range++) {
                sum += getFloat(sum(range) + 4L * i);
            }
            double z = getFloat(target() + 4L * i);
            double nats = Math.log(sum) + (getFloat(shift() + 4L * i) - z) / VectorMath.LOG2_E;
            putFloat(loss, (float) nats);
            total += nats;
            putFloat(factor() + 4L * i, (float) (1 / (sum * counted)));
            double tanh = z * of.slope();
            correction.subtract(i, target, sum * (1 - tanh * tanh));
        }
        return total;
    }
}
