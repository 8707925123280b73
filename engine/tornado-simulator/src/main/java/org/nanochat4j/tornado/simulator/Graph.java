package org.nanochat4j.tornado.simulator;

import java.util.List;

/** A finished task graph. */
public final class Graph {
    private final String name;
    private final List<Step> steps;

    Graph(String name, List<Step> steps) {
        this.name = name;
        this.steps = List.copyOf(steps);
    }

    String name() {
        return name;
    }

    List<Step> steps() {
        return steps;
    }
}
