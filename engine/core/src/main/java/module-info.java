import org.jspecify.annotations.NullMarked;

/** The tensor library: tensors, ops, automatic differentiation, programs and backends. */
@NullMarked
module org.nanochat4j.engine {
    requires static org.jspecify;
    requires jdk.incubator.vector;
}
