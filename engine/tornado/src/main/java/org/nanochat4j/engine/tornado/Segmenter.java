package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Cuts the tasks of a program into task graphs that TornadoVM can hold.
 *
 * <p>A graph of TornadoVM 5.2 is described in 8192 bytes and has 1024 nodes: one for each distinct number and each array it names, one for each task and each array
 * that a task writes, and a few of its own. Where it is cut does not matter: all values are in banks that every graph has, so that nothing moves between graphs.
 */
final class Segmenter {
    /** Tasks of a graph; about 110 were seen to work. */
    static final int MOST_TASKS = 100;

    private static final int MOST_BYTES = 8192 - 64;

    private static final int MOST_NODES = 1024 - 24;

    /** Bytes that describe a task without its arguments, and each argument. */
    private static final int TASK_BYTES = 15;

    private static final int ARGUMENT_BYTES = 5;

    /** Nodes of an array: itself, how it comes to the device, and how it stays there. */
    private static final int ARRAY_NODES = 3;

    private Segmenter() {}

    /**
     * Cuts a program.
     *
     * @param tasks all of a program, in order
     * @param banks arrays that every graph names
     * @return the tasks of each graph, in order
     */
    static List<List<Task>> cut(List<Task> tasks, int banks) {
        List<List<Task>> segments = new ArrayList<>();
        List<Task> segment = new ArrayList<>();
        Set<Number> constants = new HashSet<>();
        int bytes = 0;
        int nodes = ARRAY_NODES * banks;
        for (Task task : tasks) {
            int moreBytes = TASK_BYTES + ARGUMENT_BYTES * task.arguments();
            int moreNodes = 1 + task.arrays();
            Set<Number> more = new HashSet<>(constants);
            task.collectConstants(more);
            boolean full = segment.size() == MOST_TASKS
                    || bytes + moreBytes > MOST_BYTES
                    || nodes + moreNodes + more.size() > MOST_NODES;
            if (full && !segment.isEmpty()) {
                segments.add(List.copyOf(segment));
                segment.clear();
                bytes = 0;
                nodes = ARRAY_NODES * banks;
                more.clear();
                task.collectConstants(more);
            }
            segment.add(task);
            bytes += moreBytes;
            nodes += moreNodes;
            constants = more;
        }
        if (!segment.isEmpty()) {
            segments.add(List.copyOf(segment));
        }
        return segments;
    }
}
