package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.nanochat4j.tornado.simulator.Step.Task;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** What a task graph of TornadoVM 5.2.0 has room for; beyond, the real runtime overruns its buffers. */
final class GraphLimits {
    private static final int TASKS = 110;

    /** The description of the tasks. */
    private static final int DESCRIPTION_BYTES = 8192;

    private static final int BYTES_PER_TASK = 15;
    private static final int BYTES_PER_ARGUMENT = 5;

    /** The nodes of the graph. */
    private static final int NODES = 1024;

    /** The interpreter's bytecodes: {@code tornado.tvm.maxbytecodesize}. */
    private static final String BYTECODES = "tornado.tvm.maxbytecodesize";

    private static final int DEFAULT_BYTECODES = 4096;
    private static final int BYTECODES_PER_LAUNCH = 33;
    private static final int BYTECODES_PER_TRANSFER = 25;

    private GraphLimits() {}

    static void check(Graph graph) {
        List<Task> tasks = tasks(graph);
        check(graph, tasks.size(), TASKS, "tasks");
        long arguments =
                tasks.stream().mapToLong(task -> task.arguments().length).sum();
        check(
                graph,
                BYTES_PER_TASK * (long) tasks.size() + BYTES_PER_ARGUMENT * arguments,
                DESCRIPTION_BYTES,
                "bytes of tasks and their arguments");
        Set<Object> constants = new HashSet<>();
        Set<Object> objects = Collections.newSetFromMap(new IdentityHashMap<>());
        long writes = 0;
        for (Task task : tasks) {
            requireLastWrite(graph, task);
            writes += task.written().size();
            for (Object argument : task.arguments()) {
                (argument instanceof Number ? constants : objects).add(argument);
            }
        }
        // One for each constant, task and write; for each object its own, one where it comes to the device and one
        // where it leaves.
        long nodes = constants.size() + tasks.size() + writes + 3L * objects.size();
        check(graph, nodes, NODES, "nodes (distinct constants, arrays, tasks, writes)");
        int limit = Integer.getInteger(BYTECODES, DEFAULT_BYTECODES);
        long bytecodes = BYTECODES_PER_LAUNCH * (long) tasks.size()
                + BYTES_PER_ARGUMENT * arguments
                + BYTECODES_PER_TRANSFER * (long) objects.size();
        if (bytecodes > limit) {
            throw new TornadoRuntimeException("graph '" + graph.name() + "' needs about " + bytecodes
                    + " bytes of bytecodes of " + limit + "\n  remedy: -D" + BYTECODES + "=1048576");
        }
    }

    /** After an argument that is written the array's node depends on the task itself: as a later argument it closes a circle. */
    private static void requireLastWrite(Graph graph, Task task) {
        Object[] arguments = task.arguments();
        for (int write : task.written()) {
            for (int later = write + 1; later < arguments.length; later++) {
                if (arguments[later].equals(arguments[write])) {
                    throw new SimulatorException(
                            "task " + graph.name() + "." + task.id() + " gets an array as argument "
                                    + (write + 1) + ", which it writes, and again as argument " + (later + 1)
                                    + ": TornadoVM's graph compiler never ends on that\n"
                                    + "  remedy: pass what is written last, and once");
                }
            }
        }
    }

    private static List<Task> tasks(Graph graph) {
        List<Task> tasks = new ArrayList<>();
        for (Step step : graph.steps()) {
            if (step instanceof Task task) {
                tasks.add(task);
            }
        }
        return tasks;
    }

    private static void check(Graph graph, long count, long limit, String what) {
        if (count > limit) {
            throw new TornadoRuntimeException("graph '" + graph.name() + "' has " + count + " " + what
                    + "; there is room for " + limit + "\n  remedy: cut it into several graphs");
        }
    }
}
