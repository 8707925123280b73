package org.nanochat4j.tornado.simulator;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    private final Map<AllocationSite, Object> arrays = new HashMap<>();
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

    /**
     * Resumes each warp for as long as its lanes wait for each other only, in the order of its first item, so that warps get as far apart as the group's barriers let them.
     *
     * @return whether there was any
     */
    private boolean resumeWarps() {
        if (exchanges.length == 0) {
            return false;
        }
        boolean any = false;
        for (int warp : Arrays.stream(order).map(item -> item / WARP).distinct().toArray()) {
            while (waitsForLanes(warp)) {
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

    private boolean waitsForLanes(int warp) {
        return IntStream.range(warp * WARP, (warp + 1) * WARP).allMatch(item -> reached[item] == Barrier.WARP);
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

    /**
     * An array of the group.
     *
     * @param allocation how many an item has asked for before; all items of a group ask in the same order
     * @param type of the array
     * @param length of the array
     * @return that of the {@link AllocationSite}, new if nobody was there before
     */
    Object local(int allocation, Class<?> type, int length) {
        if (allocation == locals.size()) {
            locals.add(arrays.computeIfAbsent(AllocationSite.current(), _ -> allocate(type, length)));
        }
        Object array = locals.get(allocation);
        if (array.getClass() != type || Array.getLength(array) != length) {
            throw launch.error(
                    "work-items of a group allocate different local arrays",
                    "allocate local arrays first thing in the kernel, of constant sizes");
        }
        return array;
    }

    private Object allocate(Class<?> type, int length) {
        localBytes += (long) length * Poison.elementBytes(type);
        if (localBytes > Simulator.device().localBytes()) {
            throw launch.error(
                    "a group uses " + localBytes + " bytes of local memory of "
                            + Simulator.device().localBytes(),
                    "use smaller tiles");
        }
        return Poison.array(type, length);
    }

    Launch launch() {
        return launch;
    }

    int[] place() {
        return place;
    }
}
