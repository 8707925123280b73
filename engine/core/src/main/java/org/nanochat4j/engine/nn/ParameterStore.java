package org.nanochat4j.engine.nn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

/** The parameters of a model by name, in the order of its checkpoint. */
public final class ParameterStore {
    private static final int CHUNK = 1 << 16;

    /** Takes a part of a variable's initial values. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Writes a part.
         *
         * @param variable which
         * @param offset first byte
         * @param source elements
         */
        void write(Variable variable, long offset, MemorySegment source);
    }

    private final Map<String, Parameter> parameters = new LinkedHashMap<>();

    /** An empty store. */
    public ParameterStore() {}

    /**
     * Declares a parameter behind the others.
     *
     * @param name unique
     * @param init distribution of the initial values
     * @param dims extents
     * @return the parameter
     */
    public Parameter declare(String name, Init init, int... dims) {
        Parameter parameter = Parameter.of(name, TensorType.f32(dims), init);
        if (parameters.putIfAbsent(name, parameter) != null) {
            throw new EngineException.BadData("two parameters are named " + name);
        }
        return parameter;
    }

    /**
     * A parameter by name.
     *
     * @param name as declared
     * @return the parameter
     * @throws EngineException.BadData if there is none
     */
    public Parameter get(String name) {
        Parameter parameter = parameters.get(name);
        if (parameter == null) {
            throw new EngineException.BadData("no parameter named " + name);
        }
        return parameter;
    }

    /** {@return all parameters in order} */
    public List<Parameter> all() {
        return List.copyOf(parameters.values());
    }

    /** {@return the number of trained numbers} */
    public long count() {
        return parameters.values().stream().mapToLong(p -> p.type().elements()).sum();
    }

    /**
     * Fills all parameters from their distributions; each has its own stream of the seed, so the values depend on nothing else.
     *
     * @param seed chosen by the user
     * @param sink takes the values, for example {@code engine::write}
     */
    public void initialise(long seed, Sink sink) {
        List<Parameter> all = new ArrayList<>(parameters.values());
        float[] chunk = new float[CHUNK];
        for (int p = 0; p < all.size(); p++) {
            Parameter parameter = all.get(p);
            Philox generator = new Philox(seed, p);
            long count = parameter.type().elements();
            for (long start = 0; start < count; start += CHUNK) {
                int length = (int) Math.min(CHUNK, count - start);
                for (int i = 0; i < length; i++) {
                    chunk[i] = parameter.init().value(generator, start + i, count);
                }
                sink.write(
                        parameter.value(),
                        start * Float.BYTES,
                        MemorySegment.ofArray(chunk).asSlice(0, (long) length * Float.BYTES));
            }
        }
    }
}
