package org.nanochat4j.engine.testbed;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.reference.ReferenceInterpreter;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Where a test computes: the CPU backend or the reference. */
public interface Host extends AutoCloseable {
    /** {@return computes now} */
    Interpreter interpreter();

    /**
     * Writes an F32 variable, or a BF16 one with numbers that it can hold.
     *
     * @param variable which
     * @param values row-major
     */
    void write(Variable variable, float[] values);

    /**
     * Reads an F32 or BF16 variable.
     *
     * @param variable which
     * @return row-major
     */
    double[] read(Variable variable);

    @Override
    void close();

    /**
     * One of the hosts.
     *
     * @param name {@code cpu} or {@code reference}
     * @return the host
     */
    static Host of(String name) {
        return switch (name) {
            case "cpu" -> cpu();
            case "reference" -> reference();
            default -> throw new IllegalArgumentException("no host " + name);
        };
    }

    /** {@return the CPU backend with two threads} */
    static Host cpu() {
        Engine engine = Engine.open("cpu", new BackendOptions(2));
        return new Host() {
            @Override
            public Interpreter interpreter() {
                return engine.eager();
            }

            @Override
            public void write(Variable variable, float[] values) {
                if (variable.type().dtype() == DType.BF16) {
                    short[] halves = new short[values.length];
                    for (int i = 0; i < halves.length; i++) {
                        halves[i] = (short) (Float.floatToRawIntBits(values[i]) >>> 16);
                    }
                    engine.write(variable, 0, MemorySegment.ofArray(halves));
                } else {
                    engine.write(variable, values);
                }
            }

            @Override
            public double[] read(Variable variable) {
                float[] floats = engine.floats(engine.eager().use(variable).cast(DType.F32));
                double[] values = new double[floats.length];
                for (int i = 0; i < floats.length; i++) {
                    values[i] = floats[i];
                }
                return values;
            }

            @Override
            public void close() {
                engine.close();
            }

            @Override
            public String toString() {
                return "cpu";
            }
        };
    }

    /** {@return the reference} */
    static Host reference() {
        ReferenceInterpreter reference = new ReferenceInterpreter();
        return new Host() {
            @Override
            public Interpreter interpreter() {
                return reference;
            }

            @Override
            public void write(Variable variable, float[] values) {
                reference.write(variable, values);
            }

            @Override
            public double[] read(Variable variable) {
                return reference.read(variable);
            }

            @Override
            public void close() {}

            @Override
            public String toString() {
                return "reference";
            }
        };
    }
}
