package org.nanochat4j.engine.testbed;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.reference.ReferenceInterpreter;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;

/** Where a test computes: a backend or the reference. */
public interface Host extends AutoCloseable {
    /** {@return computes now} */
    Interpreter interpreter();

    /**
     * Prepares what is to be computed several times.
     *
     * @param computation what to do
     * @return does it now
     */
    default Runnable program(Consumer<Interpreter> computation) {
        return () -> computation.accept(interpreter());
    }

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
        return of(Engine.open("cpu", new BackendOptions(2)), false);
    }

    /**
     * A backend.
     *
     * @param engine its engine, closed with the host
     * @param replayed whether programs are compiled, not computed op by op
     * @return the host
     */
    static Host of(Engine engine, boolean replayed) {
        return new Host() {
            @Override
            public Runnable program(Consumer<Interpreter> computation) {
                if (!replayed) {
                    return Host.super.program(computation);
                }
                Recorder recorder = new Recorder("computation");
                computation.accept(recorder);
                return engine.compile(engine.plan(List.of(recorder.finish()))).getFirst()::run;
            }

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
                float[] floats = variable.type().dtype() == DType.F32
                        ? engine.floats(variable)
                        : engine.floats(engine.eager().use(variable).cast(DType.F32));
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
                return engine.device().name();
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
