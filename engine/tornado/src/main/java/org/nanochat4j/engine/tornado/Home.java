package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;

/** The place of a variable in the banks of one device plan, and which of its changes has arrived there. */
final class Home {
    private final Memory memory;
    private final Place place;
    private final int elements;
    private final DevicePlan plan;
    private long version;

    Home(Memory memory, Place place, int elements, DevicePlan plan) {
        this.memory = memory;
        this.place = place;
        this.elements = elements;
        this.plan = plan;
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
        plan.read(place, offset, target);
    }
}
