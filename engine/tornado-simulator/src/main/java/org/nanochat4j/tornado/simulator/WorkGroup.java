package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The work-items of one group. Items run one after the other; an item that reaches a barrier is left there, and when every
 * item has got to the barrier, all are resumed. Items share a strand until one of them meets a barrier, so that a kernel
 * without barriers is a plain loop.
 */
final class WorkGroup {
    private final String kernel;
    private final int size;
    private final IntConsumer items;
    private final List<Object> locals = new ArrayList<>();
    private int started;
    private int finished;

    /** items runs the item of a number within the group. */
    WorkGroup(String kernel, int size, IntConsumer items) {
        this.kernel = kernel;
        this.size = size;
        this.items = items;
    }

    void run() {
        List<Strand> waiting = new ArrayList<>();
        while (started < size) {
            Strand strand = new Strand(this::runItems);
            strand.resume();
            if (!strand.done()) {
                waiting.add(strand);
            }
        }
        while (!waiting.isEmpty()) {
            if (finished > 0) {
                throw new SimulatorException(
                        "kernel " + kernel + ": " + finished + " of a group's " + size
                                + " work-items ended while the others wait at a barrier\n"
                                + "  remedy: every item of a group must reach the same barriers; move the barrier out of the branch");
            }
            waiting.forEach(Strand::resume);
            waiting.removeIf(Strand::done);
        }
    }

    private void runItems() {
        while (started < size) {
            items.accept(started++);
            finished++;
        }
    }

    void barrier() {
        Strand.suspend();
    }

    Object local(int number, Class<?> type, int length) {
        if (number == locals.size()) {
            locals.add(Poison.array(type, length));
        }
        return locals.get(number);
    }
}
