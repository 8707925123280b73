package org.nanochat4j.tornado.simulator;

/** A kernel or a graph that a real device would run wrongly, found by the simulated one. */
public final class SimulatorException extends RuntimeException {
    SimulatorException(String message) {
        super(message);
    }
}
