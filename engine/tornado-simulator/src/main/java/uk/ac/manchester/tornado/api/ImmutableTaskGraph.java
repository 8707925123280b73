package uk.ac.manchester.tornado.api;

import org.nanochat4j.tornado.simulator.Graph;

/** A finished task graph. */
public class ImmutableTaskGraph {
    private final Graph graph;

    ImmutableTaskGraph(Graph graph) {
        this.graph = graph;
    }

    Graph graph() {
        return graph;
    }
}
