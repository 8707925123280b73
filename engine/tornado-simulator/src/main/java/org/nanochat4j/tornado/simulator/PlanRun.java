package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The graphs of one execution plan, and what they have on the device. */
public final class PlanRun implements AutoCloseable {
    private final List<GraphRun> graphs = new ArrayList<>();
    private final Map<String, GraphRun> byName = new java.util.HashMap<>();
    private List<GraphRun> selected;
    private @Nullable GraphRun last;
    private @Nullable GridScheduler grids;

    /** A plan of these graphs; nothing is compiled yet. */
    public PlanRun(List<Graph> graphs) {
        for (Graph graph : graphs) {
            GraphRun run = new GraphRun(this, graph);
            this.graphs.add(run);
            byName.put(graph.name(), run);
        }
        selected = List.copyOf(this.graphs);
    }

    /** Lets execute run this graph only. */
    public void select(int graph) {
        selected = List.of(graphs.get(graph));
    }

    /** Lets execute run all graphs, in order. */
    public void selectAll() {
        selected = List.copyOf(graphs);
    }

    /** Sets the grids. */
    public void grids(GridScheduler scheduler) {
        grids = scheduler;
    }

    @Nullable
    GridScheduler grids() {
        return grids;
    }

    /** Compiles the selected graphs without running them. */
    public void compile() {
        selected.forEach(GraphRun::compile);
    }

    /** Runs the selected graphs. */
    public void execute() {
        for (GraphRun graph : selected) {
            graph.execute();
            last = graph;
        }
    }

    @Nullable
    GraphRun producer(@Nullable String name) {
        return name == null ? last : byName.get(name);
    }

    /** Copies whole arrays to the host, from the graph that ran last and has them. */
    public void toHost(List<TornadoNativeArray> arrays) {
        for (TornadoNativeArray array : arrays) {
            copy(array, 0, array.getNumBytesOfSegment());
        }
    }

    /** Copies a part of an array to the host. */
    public void toHost(DataRange range) {
        range.materialize();
        copy(range.getArray(), range.getOffset() - Cells.HEADER, range.getPartialSize());
    }

    private void copy(TornadoNativeArray array, long offset, long bytes) {
        for (GraphRun graph : selected) {
            if (graph.toHost(array, offset, bytes)) {
                return;
            }
        }
        throw new SimulatorException("no executed graph has the array that is asked for");
    }

    /** Forgets what is on the device. */
    public void free() {
        graphs.forEach(GraphRun::free);
    }

    @Override
    public void close() {
        free();
    }
}
