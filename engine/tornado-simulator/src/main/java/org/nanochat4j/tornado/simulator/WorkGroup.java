package org.nanochat4j.tornado.simulator;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The work-items of one group. Items run one after the other; an item that reaches a barrier is left there, and when every
 * item has got to the barrier, all are resumed; 32 items are a warp, whose lanes can wait for each other alone. Items share a strand until one of them meets a barrier, so that a kernel
 * without barriers is a plain loop.
 */
final class WorkGroup {
    static final int WARP = 32;

    private final Launch launch;
    private final int number;
    private final int[] place;
    private final int[] order;
    private final Consumer<WorkItem> code;
    private final List<Object> locals = new ArrayList<>();
    private final Strand[] waiting;
    private final Barrier[] reached;
    private long localBytes;
    private int started;
    private int finished;
    private int phase;
    private Object[][] exchanges = {};

    /** What items wait for. */
    enum Barrier {
        /** The group; orders local memory. */
        LOCAL,
        /** The group; orders device memory too. */
        GLOBAL,
        /** The other lanes of the warp. */
        WARP
    }

    WorkGroup(Launch launch, int number, int[] place, Consumer<WorkItem> code) {
        this.launch = launch;
        this.number = number;
        this.place = place;
        this.code = code;
        order = launch.itemOrder();
        waiting = new Strand[order.length];
        reached = new Barrier[order.length];
    }

    void run() {
        while (started < order.length) {
            Strand strand = new Strand(this::runItems);
            strand.resume();
            if (!strand.done()) {
                waiting[order[started - 1]] = strand;
            }
        }
        while (finished < order.length) {
            if (!resumeWarps()) {
                resumeGroup();
            }
        }
    }

    private void resumeGroup() {
        if (finished > 0) {
            throw launch.error(
                    finished + " of a group's " + order.length + " work-items ended while the others wait at a barrier",
                    "every item of a group must reach the same barriers: move the barrier out of the branch");
        }
        if (Arrays.stream(reached).distinct().count() > 1) {
            throw launch.error(
                    "the items of a group wait at " + new TreeSet<>(Arrays.asList(reached)),
                    "every item of a group must reach the same barriers");
        }
        if (reached[0] == Barrier.GLOBAL) {
            phase++;
        }
        for (int item : order) {
            waiting[item].resume();
        }
    }

    /** Resumes the warps whose lanes wait for each other, and returns whether there were any. */
    private boolean resumeWarps() {
        boolean any = false;
        for (int warp = 0; warp < order.length / WARP; warp++) {
            int first = warp * WARP;
            if (IntStream.range(first, first + WARP).allMatch(item -> reached[item] == Barrier.WARP)) {
                any = true;
                exchanges[warp] = exchanges[warp + order.length / WARP];
                exchanges[warp + order.length / WARP] = new Object[WARP];
                for (int item : order) {
                    if (item / WARP == warp) {
                        waiting[item].resume();
                    }
                }
            }
        }
        return any;
    }

    private void runItems() {
        while (started < order.length) {
            int item = order[started++];
            enter(item);
            code.accept(new WorkItem(this, item));
            reached[item] = Barrier.LOCAL; // waits for nothing more
            finished++;
        }
    }

    private void enter(int item) {
        launch.enter(number * order.length + item, phase);
    }

    void barrier(int item, Barrier barrier) {
        reached[item] = barrier;
        Strand.suspend();
        enter(item);
    }

    /** Gives a value to the other lanes of the item's warp, and returns those of all lanes. */
    Object[] exchange(int item, Object value) {
        if (order.length % WARP != 0) {
            throw launch.error(
                    "a group of " + order.length + " work-items is not made of whole warps",
                    "use a multiple of " + WARP);
        }
        if (exchanges.length == 0) {
            exchanges = new Object[2 * order.length / WARP][WARP];
        }
        exchanges[item / WARP + order.length / WARP][item % WARP] = value;
        barrier(item, Barrier.WARP);
        return exchanges[item / WARP];
    }

    Object local(int allocation, Class<?> type, int length) {
        if (allocation == locals.size()) {
            Object array = Poison.array(type, length);
            localBytes += (long) length * Poison.elementBytes(type);
            if (localBytes > Simulator.device().localBytes()) {
                throw launch.error(
                        "a group uses " + localBytes + " bytes of local memory of "
                                + Simulator.device().localBytes(),
                        "use smaller tiles");
            }
            locals.add(array);
        }
        Object array = locals.get(allocation);
        if (array.getClass() != type || Array.getLength(array) != length) {
            throw launch.error(
                    "work-items of a group allocate different local arrays",
                    "allocate local arrays first thing in the kernel, of constant sizes");
        }
        return array;
    }

    Launch launch() {
        return launch;
    }

    int[] place() {
        return place;
    }
}
