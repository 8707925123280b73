package org.nanochat4j.engine.op;

/** A kernel of some backend's own type, so that the engine itself need not know the backend. */
public interface DeviceKernel {}
