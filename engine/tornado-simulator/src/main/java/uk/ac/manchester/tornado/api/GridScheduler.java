package uk.ac.manchester.tornado.api;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The grids of a plan's tasks, by "graph.task". */
public class GridScheduler {
    private final Map<String, WorkerGrid> grids = new ConcurrentHashMap<>();

    /** No grids yet. */
    public GridScheduler() {}

    /** One grid. */
    public GridScheduler(String taskName, WorkerGrid workerGrid) {
        addWorkerGrid(taskName, workerGrid);
    }

    /** Sets a task's grid. */
    public void addWorkerGrid(String taskName, WorkerGrid workerGrid) {
        grids.put(taskName, workerGrid);
    }

    /** {@return a task's grid, null if there is none} */
    public WorkerGrid get(String taskName) {
        return grids.get(taskName);
    }

    /** {@return whether a task has a grid} */
    public boolean contains(String taskScheduleName, String taskName) {
        return grids.containsKey(taskScheduleName + "." + taskName);
    }

    /** {@return the tasks that have grids} */
    public Set<String> keySet() {
        return grids.keySet();
    }

    @Override
    public String toString() {
        return "grids of " + grids.keySet();
    }
}
