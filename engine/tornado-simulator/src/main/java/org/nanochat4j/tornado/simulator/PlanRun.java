package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The graphs of one execution plan, and what they have on the device. */
public final class PlanRun implements AutoCloseable {
    private final List<GraphRun> graphs = new ArrayList<>();
    private final Libraries libraries = new Libraries();
    private List<GraphRun> selected;
    private @Nullable GraphRun last;
    private @Nullable GridScheduler grids;
    private long bytes;

    /** A plan of these graphs; nothing is compiled yet. */
    public PlanRun(List<Graph> graphs) {
        for (Graph graph : graphs) {
            this.graphs.add(new GraphRun(this, graph));
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

    Libraries libraries() {
        return libraries;
    }

    /** Compiles the selected graphs without running them. */
    public void compile() {
        selected.forEach(GraphRun::compile);
    }

    /** Lets the launches of the selected graphs be captured as CUDA graphs when they run first. */
    public void capture() {
        selected.forEach(GraphRun::capture);
    }

    /** Runs the selected graphs; which graph was executed last is known to them only after all have run. */
    public void execute() {
        for (GraphRun graph : selected) {
            graph.execute(last);
        }
        last = selected.getLast();
    }

    /** Copies whole arrays to the host from the selected graphs. */
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

    private void copy(TornadoNativeArray array, long offset, long size) {
        long copies = selected.stream()
                .filter(graph -> graph.toHost(array, offset, size))
                .count();
        if (copies == 0) {
            throw new TornadoRuntimeException("an array of " + array.getSize()
                    + " elements is asked for, which the selected graph does not have\n"
                    + "  remedy: ask while the graph that has it is selected");
        }
    }

    void allocate(long more) {
        if (bytes + more > Simulator.device().memoryBytes()) {
            throw new TornadoOutOfMemoryException(
                    "the device has " + Simulator.device().memoryBytes() + " bytes, " + bytes + " are taken and " + more
                            + " more are needed");
        }
        bytes += more;
    }

    /** {@return bytes on the device} */
    public long bytes() {
        return bytes;
    }

    /** Forgets what is on the device. */
    public void free() {
        graphs.forEach(GraphRun::free);
        libraries.close();
        bytes = 0;
    }

    @Override
    public void close() {
        free();
    }
}
