package org.nanochat4j.engine.nn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
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
     * Declares an F32 parameter behind the others.
     *
     * @param name unique
     * @param init distribution of the initial values
     * @param dims extents
     * @return the parameter
     */
    public Parameter declare(String name, Init init, int... dims) {
        return declare(name, init, TensorType.f32(dims));
    }

    /**
     * Declares a parameter behind the others.
     *
     * @param name unique
     * @param init distribution of the initial values, which are rounded to BF16 where that is the type
     * @param type F32 or BF16, and the extents
     * @return the parameter
     */
    public Parameter declare(String name, Init init, TensorType type) {
        Parameter parameter = Parameter.of(name, type, init);
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
                write(parameter.value(), start, chunk, length, sink);
            }
        }
    }

    /**
     * Writes a part of a variable, rounded to BF16 where that is its type.
     *
     * @param variable F32 or BF16
     * @param first index of the first element
     * @param values elements
     * @param count how many of them
     * @param sink takes them in the variable's type
     */
    public static void write(Variable variable, long first, float[] values, int count, Sink sink) {
        DType dtype = variable.type().dtype();
        MemorySegment source = MemorySegment.ofArray(values);
        if (dtype == DType.BF16) {
            short[] halves = new short[count];
            for (int i = 0; i < count; i++) {
                halves[i] = Bf16.bits(values[i]);
            }
            source = MemorySegment.ofArray(halves);
        }
        sink.write(variable, first * dtype.bytes(), source.asSlice(0, (long) count * dtype.bytes()));
    }
}
