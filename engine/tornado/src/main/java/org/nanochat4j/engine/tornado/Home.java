package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;

/** The place of a variable in the banks of one device plan, and which of its changes has arrived there. */
final class Home {
    private final Memory memory;
    private final Place place;
    private final int elements;
    private final Downloads downloads;
    private long version;

    /** How a device plan gives elements of its banks back to the host. */
    @FunctionalInterface
    interface Downloads {
        /** The host side of some elements, brought up to date. */
        MemorySegment download(Bank bank, int at, int count);
    }

    Home(Memory memory, Place place, int elements, Downloads downloads) {
        this.memory = memory;
        this.place = place;
        this.elements = elements;
        this.downloads = downloads;
    }

    Place place() {
        return place;
    }

    int elements() {
        return elements;
    }

    boolean isStale() {
        return version != memory.version();
    }

    /** The newest bytes, which are now taken to be here. */
    MemorySegment arriving() {
        MemorySegment newest = memory.host();
        version = memory.version();
        return newest;
    }

    /** The program that just ran has written here. */
    void changed() {
        memory.changedAt(this);
        version = memory.version();
    }

    void download(long offset, MemorySegment target) {
        long size = place.bank().dtype().bytes();
        int first = Math.toIntExact(offset / size);
        int end = Math.toIntExact((offset + target.byteSize() + size - 1) / size);
        MemorySegment part = downloads.download(place.bank(), place.at() + first, end - first);
        MemorySegment.copy(part, offset - first * size, target, 0, target.byteSize());
    }
}
