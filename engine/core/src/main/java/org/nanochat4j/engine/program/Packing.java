package org.nanochat4j.engine.program;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.program.MemoryPlan.Layout;
import org.nanochat4j.engine.program.MemoryPlan.Slot;

/** Finds places for the temporaries of one program: largest first, each at the lowest gap that is free during its lifetime. */
final class Packing {
    private static final Comparator<Slot> LARGEST_FIRST = Comparator.comparingLong(Slot::bytes)
            .reversed()
            .thenComparingInt(slot -> slot.value().id());

    private final Program program;
    private final Liveness liveness;
    private final List<Slot> wanted = new ArrayList<>();
    private final List<Slot> placed = new ArrayList<>();
    private final long[] offsets;
    private long bytes;

    Packing(Program program) {
        this.program = program;
        this.liveness = Liveness.of(program);
        this.offsets = new long[program.values().size()];
        String[] makers = new String[program.values().size()];
        for (Step step : program.steps()) {
            step.outputs().forEach(output -> makers[output.id()] = step.op().name());
        }
        for (Value value : program.values()) {
            if (liveness.isTemporary(value.id())) {
                wanted.add(new Slot(
                        value,
                        0,
                        MemoryPlan.align(value.type().bytes()),
                        liveness.first(value.id()),
                        liveness.last(value.id()),
                        makers[value.id()]));
            }
        }
        wanted.sort(LARGEST_FIRST);
    }

    /**
     * Places the temporaries of some types.
     *
     * @param types of which
     * @param start offset from which on
     * @param blockBytes none lies across a multiple of it, unless it is larger
     * @return how many bytes they need together
     */
    long place(Set<DType> types, long start, long blockBytes) {
        List<Slot> byOffset = new ArrayList<>();
        long end = 0;
        for (Slot slot : wanted) {
            if (types.contains(slot.value().type().dtype())) {
                Slot at = place(slot, byOffset, blockBytes);
                end = Math.max(end, at.end());
                offsets[slot.value().id()] = start + at.offset();
                placed.add(at.moved(start));
            }
        }
        bytes += end;
        return end;
    }

    private static Slot place(Slot slot, List<Slot> byOffset, long blockBytes) {
        long offset = 0;
        for (Slot other : byOffset) {
            if (slot.overlaps(other) && other.end() > offset) {
                if (other.offset() >= offset + slot.bytes()) {
                    break;
                }
                offset = withinBlock(other.end(), slot.bytes(), blockBytes);
            }
        }
        Slot at = slot.moved(offset);
        int position = 0;
        while (position < byOffset.size() && byOffset.get(position).offset() <= offset) {
            position++;
        }
        byOffset.add(position, at);
        return at;
    }

    /** The offset, or the start of the next block if the bytes would reach into it. */
    private static long withinBlock(long offset, long bytes, long blockBytes) {
        long inBlock = offset % blockBytes;
        return inBlock > 0 && bytes > blockBytes - inBlock ? offset - inBlock + blockBytes : offset;
    }

    Layout layout() {
        placed.sort(LARGEST_FIRST);
        return new Layout(program, liveness, List.copyOf(placed), offsets, bytes);
    }
}
