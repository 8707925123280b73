package org.nanochat4j.engine.tornado;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one tensor, and where the newest of them are: on the host, or at home in a device plan.
 *
 * <p>Every change, from whichever side, has a number. A copy is up to date when it holds the last change; it is brought up to date only when it is used.
 */
final class Memory {
    private static final long ALIGNMENT = 64;

    private final long bytes;
    private @Nullable MemorySegment host;
    private @Nullable Home newest;
    private long version;
    private long hostVersion;

    Memory(long bytes) {
        this.bytes = bytes;
    }

    long bytes() {
        return bytes;
    }

    /** The number of the last change; 0 while all bytes are zero as at the start. */
    long version() {
        return version;
    }

    void write(long offset, MemorySegment source) {
        MemorySegment target = source.byteSize() == bytes ? hostSegment() : host();
        MemorySegment.copy(source, 0, target, offset, source.byteSize());
        version++;
        hostVersion = version;
        newest = null;
    }

    void read(long offset, MemorySegment target) {
        Home home = newest;
        if (home != null && hostVersion != version) {
            home.download(offset, target);
        } else {
            MemorySegment.copy(hostSegment(), offset, target, 0, target.byteSize());
        }
    }

    /** All bytes on the host, up to date. */
    MemorySegment host() {
        MemorySegment segment = hostSegment();
        Home home = newest;
        if (home != null && hostVersion != version) {
            home.download(0, segment);
            hostVersion = version;
        }
        return segment;
    }

    private MemorySegment hostSegment() {
        MemorySegment segment = host;
        if (segment == null) {
            segment = Arena.ofAuto().allocate(bytes, ALIGNMENT);
            host = segment;
        }
        return segment;
    }

    /** A program has written the tensor at this home. */
    void changedAt(Home home) {
        version++;
        newest = home;
    }
}
