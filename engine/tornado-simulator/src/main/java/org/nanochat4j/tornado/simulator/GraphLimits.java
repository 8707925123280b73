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
        for (Task task : tasks) {
            for (Object argument : task.arguments()) {
                (argument instanceof Number ? constants : objects).add(argument);
            }
        }
        // Each object has its own node, one where it comes to the device and one where it leaves; each task writes
        // something.
        check(
                graph,
                constants.size() + 3L * objects.size() + 2L * tasks.size(),
                NODES,
                "nodes (distinct constants, arrays, tasks)");
        int limit = Integer.getInteger(BYTECODES, DEFAULT_BYTECODES);
        long bytecodes = BYTECODES_PER_LAUNCH * (long) tasks.size()
                + BYTES_PER_ARGUMENT * arguments
                + BYTECODES_PER_TRANSFER * (long) objects.size();
        if (bytecodes > limit) {
            throw new TornadoRuntimeException("graph '" + graph.name() + "' needs about " + bytecodes
                    + " bytes of bytecodes of " + limit + "\n  remedy: -D" + BYTECODES + "=1048576");
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
