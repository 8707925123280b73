package org.nanochat4j.tornado.simulator;

import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * What the checking mode knows of a device array: which elements were written at all, and who touched each in the running
 * launch. Two items race for an element if one of them writes it and no barrier for device memory lies between, which only
 * items of one group can have. A journal of the first writes of a launch undoes it, so that it can be run again in another order.
 */
final class Watch {
    /** A mark is stamp, atomic, phase and item: who touched an element, in which launch. */
    private static final int ITEM_BITS = 26;

    private static final int PHASE_BITS = 14;
    private static final int ATOMIC_BIT = ITEM_BITS + PHASE_BITS;
    private static final int STAMP_SHIFT = ATOMIC_BIT + 1;
    private static final long ITEM_MASK = (1L << ITEM_BITS) - 1;

    /** In the mark of readers: several items, of the group in the lower bits, or of several groups. */
    private static final long SEVERAL = 1L << (ITEM_BITS - 1);

    private static final long SEVERAL_GROUPS = ITEM_MASK;

    private final Cells cells;
    private final BitSet written;
    private final long[] writers;
    private final long[] readers;
    private Launch launch = Launch.IDLE;
    private String name = "an array";
    private Journal journal = new Journal();

    Watch(Cells cells) {
        this.cells = cells;
        written = new BitSet(cells.count());
        writers = new long[cells.count()];
        readers = new long[cells.count()];
    }

    /** Begins a launch that has this array as argument. */
    void begin(Launch running, String argument) {
        launch = running;
        name = argument;
        journal = new Journal();
    }

    /** Runs code that touches the array behind this watch's back; what has changed then was written. */
    void runUnseen(Runnable code) {
        long[] before = IntStream.range(0, cells.count()).mapToLong(cells::bits).toArray();
        code.run();
        for (int i = 0; i < before.length; i++) {
            if (cells.bits(i) != before[i]) {
                written.set(i);
            }
        }
    }

    void allWritten() {
        written.set(0, cells.count());
    }

    void read(int index) {
        check(index);
        requireWritten(index, "reads");
        long writer = writers[index];
        if (isOfLaunch(writer) && !ordered(writer)) {
            throw race(index, "is written by " + who(writer) + " and read by " + who(mark(0)));
        }
        readers[index] = reader(readers[index]);
    }

    void write(int index, boolean atomic) {
        check(index);
        if (atomic) {
            requireWritten(index, "adds to");
        }
        long writer = writers[index];
        if (isOfLaunch(writer)) {
            if (!ordered(writer) && !(atomic && isAtomic(writer))) {
                throw race(index, "is written by " + who(writer) + " and by " + who(mark(0)));
            }
        } else {
            journal.add(index, cells.bits(index), written.get(index));
        }
        if (isOfLaunch(readers[index]) && !orderedReaders(readers[index])) {
            throw race(index, "is read by " + who(readers[index]) + " and written by " + who(mark(0)));
        }
        writers[index] = mark(atomic ? 1L << ATOMIC_BIT : 0);
        written.set(index);
    }

    private void check(int index) {
        if (index < 0 || index >= cells.count()) {
            throw launch.error(
                    "touches element " + index + " of " + name + ", which has " + cells.count(), "guard the index");
        }
    }

    private void requireWritten(int index, String does) {
        if (!written.get(index)) {
            throw launch.error(
                    does + " element " + index + " of " + name
                            + ", which nobody has written: on a device it is garbage",
                    "transfer the array, consume it from the graph that wrote it, or fill it first");
        }
    }

    private SimulatorException race(int index, String what) {
        return launch.error(
                "element " + index + " of " + name + " " + what + " with no globalBarrier() between them",
                "let one item own each element, or use an atomic operation");
    }

    /** {@return the elements that the launch wrote, with what they were and are} */
    Journal journal() {
        return journal;
    }

    /** Makes the launch undone. */
    void undo() {
        for (int i = 0; i < journal.size(); i++) {
            cells.bits(journal.index(i), journal.before(i));
            written.set(journal.index(i), journal.wasWritten(i));
        }
    }

    Cells cells() {
        return cells;
    }

    private long mark(long flags) {
        return launch.stamp() << STAMP_SHIFT | flags | (long) launch.phase() << ITEM_BITS | launch.item();
    }

    private boolean isOfLaunch(long mark) {
        return mark >>> STAMP_SHIFT == launch.stamp();
    }

    private static boolean isAtomic(long mark) {
        return (mark & 1L << ATOMIC_BIT) != 0;
    }

    private static int phase(long mark) {
        return (int) (mark >>> ITEM_BITS) & ((1 << PHASE_BITS) - 1);
    }

    /** {@return whether what a single item did is seen by the running one} */
    private boolean ordered(long mark) {
        int item = (int) (mark & ITEM_MASK);
        return item == launch.item()
                || launch.group(item) == launch.group(launch.item()) && phase(mark) < launch.phase();
    }

    private boolean orderedReaders(long mark) {
        long who = mark & ITEM_MASK;
        if ((who & SEVERAL) == 0) {
            return ordered(mark);
        }
        return who != SEVERAL_GROUPS
                && (int) (who & ~SEVERAL) == launch.group(launch.item())
                && phase(mark) < launch.phase();
    }

    private long reader(long mark) {
        long mine = mark(0);
        if (!isOfLaunch(mark)) {
            return mine;
        }
        long who = mark & ITEM_MASK;
        int group = launch.group(launch.item());
        boolean sameGroup = who != SEVERAL_GROUPS
                && ((who & SEVERAL) == 0 ? launch.group((int) who) : (int) (who & ~SEVERAL)) == group;
        if (!sameGroup) {
            return mine & ~ITEM_MASK | SEVERAL_GROUPS;
        }
        boolean alone = who == launch.item() || phase(mark) < launch.phase();
        return alone ? mine : mine & ~ITEM_MASK | SEVERAL | group;
    }

    private String who(long mark) {
        long who = mark & ITEM_MASK;
        if (who == SEVERAL_GROUPS) {
            return "items of several groups";
        }
        if ((who & SEVERAL) != 0) {
            return "several items of group " + (who & ~SEVERAL);
        }
        return "item " + launch.place((int) who);
    }
}
