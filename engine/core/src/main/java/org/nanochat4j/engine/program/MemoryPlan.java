package org.nanochat4j.engine.program;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Variable;

/**
 * Where everything goes, for all programs of a run, before anything is allocated.
 *
 * <p>Variables live throughout. Temporaries of one program share an arena by their lifetimes; programs run one after another, so the arena is as large as
 * the largest needs. Offsets are assigned largest first, each at the lowest gap that is free during its lifetime. Kernels' own scratch memory is one more
 * block.
 */
public final class MemoryPlan {
    /** Alignment of every block in bytes. */
    public static final long ALIGNMENT = 64;

    /** How much scratch memory a backend's kernel for a step needs. */
    @FunctionalInterface
    public interface Scratch {
        /**
         * Asks for one step.
         *
         * @param step an op with its operands
         * @return bytes
         */
        long bytes(Step step);
    }

    /**
     * A temporary of one program.
     *
     * @param value the first value in this storage
     * @param offset in bytes from the start of the arena
     * @param bytes aligned size
     * @param first step that writes it
     * @param last step that uses it
     * @param maker name of the op that writes it
     */
    public record Slot(Value value, long offset, long bytes, int first, int last, String maker) {
        boolean overlaps(Slot other) {
            return first <= other.last && other.first <= last;
        }

        Slot moved(long by) {
            return new Slot(value, offset + by, bytes, first, last, maker);
        }

        long end() {
            return offset + bytes;
        }
    }

    /**
     * A piece of the arena on a device whose memory comes in blocks.
     *
     * @param dtype type of all temporaries there
     * @param bytes its size
     */
    public record Block(DType dtype, long bytes) {}

    /**
     * The temporaries of one program.
     *
     * @param program which program
     * @param liveness its lifetimes
     * @param slots its temporaries, largest first
     * @param offsets offset of each storage by id
     * @param arenaBytes what it needs of the arena
     */
    public record Layout(Program program, Liveness liveness, List<Slot> slots, long[] offsets, long arenaBytes) {
        /**
         * Where a temporary value is.
         *
         * @param value a value that is not a variable or a view of one
         * @return bytes from the start of the arena
         */
        public long offset(Value value) {
            return offsets[liveness.storage(value)];
        }
    }

    private final List<Layout> layouts;
    private final Set<Variable> variables = new LinkedHashSet<>();
    private final List<Block> blocks;
    private final long arenaBytes;
    private final long scratchBytes;

    private MemoryPlan(List<Layout> layouts, List<Block> blocks, long arenaBytes, long scratchBytes) {
        this.layouts = layouts;
        this.blocks = blocks;
        this.arenaBytes = arenaBytes;
        this.scratchBytes = scratchBytes;
        layouts.forEach(layout -> variables.addAll(layout.program().variables()));
    }

    /**
     * Plans all programs of a run together.
     *
     * @param programs what will run, one at a time
     * @param scratch the backend's scratch needs
     * @return the plan
     */
    public static MemoryPlan of(List<Program> programs, Scratch scratch) {
        return of(programs, scratch, Long.MAX_VALUE);
    }

    /**
     * Plans all programs of a run together, for a device whose memory comes in blocks. A block holds temporaries of one type; the n-th stands for the offsets from n
     * {@code blockBytes} on.
     *
     * @param programs what will run, one at a time
     * @param scratch the backend's scratch needs
     * @param blockBytes size of a block, a multiple of {@link #ALIGNMENT}; no temporary lies across a multiple of it, unless it is larger. {@link
     *     Long#MAX_VALUE} where memory comes in one piece, which temporaries of all types share
     * @return the plan
     */
    public static MemoryPlan of(List<Program> programs, Scratch scratch, long blockBytes) {
        List<Packing> packings = programs.stream().map(Packing::new).toList();
        List<Block> blocks = new ArrayList<>();
        long arena = 0;
        if (blockBytes == Long.MAX_VALUE) {
            arena = place(packings, EnumSet.allOf(DType.class), 0, blockBytes);
        } else {
            for (DType dtype : DType.values()) {
                long bytes = place(packings, EnumSet.of(dtype), blocks.size() * blockBytes, blockBytes);
                for (long at = 0; at < bytes; at += blockBytes) {
                    blocks.add(new Block(dtype, Math.min(blockBytes, bytes - at)));
                }
                arena += bytes;
            }
        }
        long scratchBytes = programs.stream()
                .flatMap(program -> program.steps().stream())
                .mapToLong(step -> align(scratch.bytes(step)))
                .max()
                .orElse(0);
        List<Layout> layouts = packings.stream().map(Packing::layout).toList();
        return new MemoryPlan(layouts, List.copyOf(blocks), arena, scratchBytes);
    }

    /** Places temporaries of all programs, and tells what the program that needs most takes. */
    private static long place(List<Packing> packings, Set<DType> types, long start, long blockBytes) {
        long most = 0;
        for (Packing packing : packings) {
            most = Math.max(most, packing.place(types, start, blockBytes));
        }
        return most;
    }

    /**
     * The layout of one program.
     *
     * @param program one of those planned
     * @return its layout
     */
    public Layout layout(String program) {
        return layouts.stream()
                .filter(layout -> layout.program().name().equals(program))
                .findFirst()
                .orElseThrow(() -> new EngineException.BadProgram(program + " is not part of this memory plan"));
    }

    /** {@return the layouts, in the order of the programs} */
    public List<Layout> layouts() {
        return layouts;
    }

    /** {@return what the arena is made of where memory comes in blocks, otherwise nothing} */
    public List<Block> blocks() {
        return blocks;
    }

    /** {@return the variables of all programs} */
    public Set<Variable> variables() {
        return java.util.Collections.unmodifiableSet(variables);
    }

    /** {@return bytes of the arena that temporaries share} */
    public long arenaBytes() {
        return arenaBytes;
    }

    /** {@return bytes of scratch memory for kernels} */
    public long scratchBytes() {
        return scratchBytes;
    }

    /** {@return bytes of all variables by role} */
    public Map<Variable.Role, Long> variableBytes() {
        Map<Variable.Role, Long> bytes = new EnumMap<>(Variable.Role.class);
        Set<Variable> unique = java.util.Collections.newSetFromMap(new IdentityHashMap<>());
        unique.addAll(variables);
        unique.forEach(
                variable -> bytes.merge(variable.role(), align(variable.type().bytes()), Long::sum));
        return bytes;
    }

    /** {@return bytes of everything} */
    public long totalBytes() {
        return arenaBytes
                + scratchBytes
                + variableBytes().values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Checks that the plan fits before anything is allocated.
     *
     * @param available bytes there are
     * @param remedy what to change, for example a smaller batch and what that would need
     * @throws EngineException.OutOfMemory naming the dominating component
     */
    public void requireFits(long available, String remedy) {
        if (totalBytes() > available) {
            throw new EngineException.OutOfMemory("memory plan needs " + human(totalBytes()) + ", " + human(available)
                    + " are available; the largest part is " + dominating() + "\n" + table(5) + "  remedy: " + remedy);
        }
    }

    private String dominating() {
        String name = "temporaries (" + human(arenaBytes) + ")";
        long most = arenaBytes;
        for (Map.Entry<Variable.Role, Long> entry : variableBytes().entrySet()) {
            if (entry.getValue() > most) {
                most = entry.getValue();
                name = entry.getKey().name().toLowerCase(java.util.Locale.ROOT) + "s (" + human(most) + ")";
            }
        }
        return name;
    }

    /**
     * The plan as a table, largest temporaries first.
     *
     * @param slots how many temporaries to list for each program
     * @return lines of text
     */
    public String table(int slots) {
        StringBuilder text = new StringBuilder();
        variableBytes()
                .forEach((role, bytes) -> text.append(
                        String.format("  %-28s %10s%n", role.name().toLowerCase(java.util.Locale.ROOT), human(bytes))));
        text.append(String.format("  %-28s %10s%n", "temporaries (arena)", human(arenaBytes)));
        text.append(String.format("  %-28s %10s%n", "kernel scratch", human(scratchBytes)));
        text.append(String.format("  %-28s %10s%n", "total", human(totalBytes())));
        for (Layout layout : layouts) {
            text.append(String.format(
                    "  program %-20s %10s in %d steps%n",
                    layout.program().name(),
                    human(layout.arenaBytes()),
                    layout.program().steps().size()));
            layout.slots().stream()
                    .limit(slots)
                    .forEach(slot -> text.append(String.format(
                            "    %-26s %10s  %s, steps %d to %d%n",
                            slot.maker(), human(slot.bytes()), slot.value().type(), slot.first(), slot.last())));
        }
        return text.toString();
    }

    /**
     * A byte count for people.
     *
     * @param bytes how many
     * @return for example "6.1 GiB"
     */
    public static String human(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(java.util.Locale.ROOT, "%.1f %s", value, units[unit]);
    }

    static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
