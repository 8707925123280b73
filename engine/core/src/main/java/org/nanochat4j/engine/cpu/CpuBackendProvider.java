package org.nanochat4j.engine.cpu;

import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.BackendProvider;

/** Opens the CPU backend; touches no vector type itself, so that a missing module is a clear error. */
public final class CpuBackendProvider implements BackendProvider {
    /** The name of the CPU backend. */
    public static final String NAME = "cpu";

    /** For the service loader. */
    public CpuBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Backend open(BackendOptions options) {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            throw new EngineException.NoBackend(
                    "the CPU backend needs the Vector API, which this JVM was started without"
                            + "\n  remedy: add --add-modules jdk.incubator.vector to the java command");
        }
        return new CpuBackend(options.resolvedThreads(), options.machineCode(), options.fusion());
    }
}
