package org.nanochat4j.train.pretrain;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The micro-batches of a step, kept until the next one so that the step can be run again, and the one that is fetched ahead. */
final class StepBatches {

    private final int[][] ids;
    private final int[][] targets;
    private final MemorySegment[] idBytes;
    private final MemorySegment[] targetBytes;
    private int first;

    /**
     * Room for a step.
     *
     * @param count micro-batches of a step
     * @param tokens of a micro-batch
     */
    StepBatches(int count, int tokens) {
        ids = new int[count + 1][tokens];
        targets = new int[count + 1][tokens];
        idBytes = Arrays.stream(ids).map(MemorySegment::ofArray).toArray(MemorySegment[]::new);
        targetBytes = Arrays.stream(targets).map(MemorySegment::ofArray).toArray(MemorySegment[]::new);
    }

    /** Micro-batches of a step. */
    int count() {
        return ids.length - 1;
    }

    /** Tokens of a micro-batch. */
    int tokens() {
        return ids[0].length;
    }

    /** Input ids of a micro-batch of this step, from 0; that of the next step comes after the last. */
    int[] ids(int micro) {
        return ids[(first + micro) % ids.length];
    }

    /** Targets of a micro-batch. */
    int[] targets(int micro) {
        return targets[(first + micro) % targets.length];
    }

    /** The same memory as {@link #ids}. */
    MemorySegment idBytes(int micro) {
        return idBytes[(first + micro) % idBytes.length];
    }

    /** The same memory as {@link #targets}. */
    MemorySegment targetBytes(int micro) {
        return targetBytes[(first + micro) % targetBytes.length];
    }

    /** The batch that was fetched ahead becomes the first. */
    void advance() {
        first = (first + count()) % ids.length;
    }
}
