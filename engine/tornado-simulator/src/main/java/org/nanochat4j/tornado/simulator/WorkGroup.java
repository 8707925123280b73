package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The work-items of one group. Items run one after the other; an item that reaches a barrier is left there, and when every
 * item has got to the barrier, all are resumed. Items share a strand until one of them meets a barrier, so that a kernel
 * without barriers is a plain loop.
 */
final class WorkGroup {
    private final Launch launch;
    private final int number;
    private final int[] place;
    private final int[] order;
    private final Consumer<WorkItem> code;
    private final List<Object> locals = new ArrayList<>();
    private final Strand[] waiting;
    private long localBytes;
    private int started;
    private int finished;
    private int phase;
    private @Nullable Barrier reached;

    /** What a barrier orders. */
    enum Barrier {
        LOCAL,
        GLOBAL
    }

    WorkGroup(Launch launch, int number, int[] place, Consumer<WorkItem> code) {
        this.launch = launch;
        this.number = number;
        this.place = place;
        this.code = code;
        order = launch.order().of(launch.groupSize());
        waiting = new Strand[order.length];
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
            if (finished > 0) {
                throw launch.error(
                        finished + " of a group's " + order.length
                                + " work-items ended while the others wait at a barrier",
                        "every item of a group must reach the same barriers: move the barrier out of the branch");
            }
            if (reached == Barrier.GLOBAL) {
                phase++;
            }
            reached = null;
            for (int item : order) {
                waiting[item].resume();
            }
        }
    }

    private void runItems() {
        while (started < order.length) {
            int item = order[started++];
            enter(item);
            code.accept(new WorkItem(this, item));
            finished++;
        }
    }

    private void enter(int item) {
        launch.enter(number * order.length + item, phase);
    }

    void barrier(int item, Barrier barrier) {
        if (reached != null && reached != barrier) {
            throw launch.error(
                    "some items of a group wait at a local barrier and others at a global one",
                    "every item of a group must reach the same barriers");
        }
        reached = barrier;
        Strand.suspend();
        enter(item);
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
        if (array.getClass() != type || java.lang.reflect.Array.getLength(array) != length) {
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
