package org.nanochat4j.tornado.simulator;

/** What a launch has written into an array, to be compared with another order of the same launch. */
@SuppressWarnings("ArrayRecordComponent")
record Results(int[] indexes, long[] bits) {
    private static final float ROUNDING = 1e-4f;

    static Results of(Watch watch) {
        Journal journal = watch.journal();
        int[] indexes = new int[journal.size()];
        long[] bits = new long[journal.size()];
        for (int i = 0; i < indexes.length; i++) {
            indexes[i] = journal.index(i);
            bits[i] = watch.cells().bits(indexes[i]);
        }
        return new Results(indexes, bits);
    }

    /** Raises an error if the launch that ran last wrote something else. */
    void compare(Launch launch, Watch watch, boolean rounding) {
        if (watch.journal().size() != indexes.length) {
            throw launch.error(
                    "writes " + indexes.length + " elements if its items run one way round and "
                            + watch.journal().size() + " if they run another",
                    remedy());
        }
        for (int i = 0; i < indexes.length; i++) {
            long now = watch.cells().bits(indexes[i]);
            if (now != bits[i] && !(rounding && close(now, bits[i]))) {
                throw launch.error(
                        "gives element " + indexes[i] + " another value if its items run in " + launch.order()
                                + " order",
                        remedy());
            }
        }
    }

    private static boolean close(long a, long b) {
        float x = Float.intBitsToFloat((int) a);
        float y = Float.intBitsToFloat((int) b);
        return Math.abs(x - y) <= ROUNDING * Math.max(1, Math.max(Math.abs(x), Math.abs(y)));
    }

    private static String remedy() {
        return "a barrier is missing between what one item writes and another reads";
    }
}
