import org.jspecify.annotations.NullMarked;

/** The tensor library: tensors, ops, automatic differentiation, programs and backends. */
@NullMarked
module org.nanochat4j.engine {
    requires static transitive org.jspecify;
    requires jdk.incubator.vector;

    exports org.nanochat4j.engine;
    exports org.nanochat4j.engine.op;
    exports org.nanochat4j.engine.autodiff;
    exports org.nanochat4j.engine.program;
    exports org.nanochat4j.engine.nn;
    exports org.nanochat4j.engine.optim;
    exports org.nanochat4j.engine.spi;
    exports org.nanochat4j.engine.runtime;

    requires java.management;
    requires jdk.management;

    uses org.nanochat4j.engine.spi.BackendProvider;

    provides org.nanochat4j.engine.spi.BackendProvider with
            org.nanochat4j.engine.cpu.CpuBackendProvider;
}
