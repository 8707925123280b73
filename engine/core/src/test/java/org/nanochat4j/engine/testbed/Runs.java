package org.nanochat4j.engine.testbed;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.reference.ReferenceInterpreter;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.testbed.Sample.Input;

/** Runs a sample eagerly, replayed or on the reference, and gives its results: those of the op, then the operands that it wrote. */
final class Runs {
    /** Whether operands are variables, or copies of them that the memory plan may overwrite. */
    enum Operands {
        VARIABLES,
        TEMPORARIES
    }

    private Runs() {}

    static List<double[]> reference(Sample sample) {
        ReferenceInterpreter interpreter = new ReferenceInterpreter();
        List<Variable> variables = sample.declare();
        for (int i = 0; i < variables.size(); i++) {
            interpreter.write(variables.get(i), sample.inputs().get(i).values());
        }
        List<double[]> results = new ArrayList<>();
        sample.apply(interpreter, variables).forEach(tensor -> results.add(interpreter.read(tensor)));
        written(sample, variables).forEach(variable -> results.add(interpreter.read(variable)));
        return results;
    }

    static List<byte[]> eager(Engine engine, Sample sample, Operands operands) {
        List<Variable> variables = sample.declare();
        write(engine, sample, variables);
        List<Variable> outputs = issue(engine.eager(), sample, variables, operands);
        return readAndRelease(engine, sample, variables, outputs);
    }

    static List<byte[]> replay(Engine engine, Sample sample, Operands operands) {
        List<Variable> variables = sample.declare();
        Recorder recorder = new Recorder("sample");
        List<Variable> outputs = issue(recorder, sample, variables, operands);
        Program program = recorder.finish();
        Executable executable = engine.compile(engine.plan(List.of(program))).getFirst();
        write(engine, sample, variables);
        executable.run();
        write(engine, sample, variables); // operands that were written start afresh: a second run must not differ
        executable.run();
        return readAndRelease(engine, sample, variables, outputs);
    }

    /** Applies the op and keeps its results in variables. */
    private static List<Variable> issue(
            Interpreter interpreter, Sample sample, List<Variable> variables, Operands operands) {
        List<Tensor> x = new ArrayList<>();
        for (int i = 0; i < variables.size(); i++) {
            Input input = sample.inputs().get(i);
            Tensor tensor = interpreter.use(variables.get(i));
            boolean copied = operands == Operands.TEMPORARIES && !input.written();
            x.add(copied ? copy(tensor) : tensor);
        }
        List<Variable> outputs = new ArrayList<>();
        for (Tensor tensor : sample.application().apply(interpreter, x)) {
            Variable output = new Variable("y" + outputs.size(), tensor.type(), Variable.Role.OUTPUT);
            interpreter.apply(new Assign(), List.of(interpreter.use(output), tensor));
            outputs.add(output);
        }
        return outputs;
    }

    /** Integers stay where they are: no op that takes them writes over them. */
    private static Tensor copy(Tensor tensor) {
        return switch (tensor.type().dtype()) {
            case F32 -> tensor.scale(1f);
            case BF16 -> tensor.cast(DType.F32).cast(DType.BF16);
            case F16, I32, I8, F64 -> tensor;
        };
    }

    private static List<Variable> written(Sample sample, List<Variable> variables) {
        return variables.stream()
                .filter(variable ->
                        sample.inputs().get(variables.indexOf(variable)).written())
                .toList();
    }

    private static void write(Engine engine, Sample sample, List<Variable> variables) {
        for (int i = 0; i < variables.size(); i++) {
            Input input = sample.inputs().get(i);
            engine.write(variables.get(i), 0, MemorySegment.ofArray(encode(input.type(), input.values())));
        }
    }

    private static List<byte[]> readAndRelease(
            Engine engine, Sample sample, List<Variable> variables, List<Variable> outputs) {
        List<Variable> all = new ArrayList<>(outputs);
        all.addAll(written(sample, variables));
        List<byte[]> results = new ArrayList<>();
        for (Variable variable : all) {
            byte[] bytes = new byte[Math.toIntExact(variable.type().bytes())];
            engine.read(variable, 0, MemorySegment.ofArray(bytes));
            results.add(bytes);
        }
        variables.forEach(engine::release);
        outputs.forEach(engine::release);
        return results;
    }

    private static byte[] encode(TensorType type, double[] values) {
        ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(type.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            switch (type.dtype()) {
                case F32 -> buffer.putFloat((float) value);
                case BF16 -> buffer.putShort((short) (Float.floatToRawIntBits((float) value) >>> 16));
                case I32 -> buffer.putInt((int) value);
                case I8 -> buffer.put((byte) value);
                case F16, F64 -> throw new IllegalArgumentException("no sample has " + type.dtype());
            }
        }
        return buffer.array();
    }

    /** The numbers of a result; its element type is told by how many bytes an element takes and by the op's shape rule. */
    static double[] decode(TensorType type, byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        double[] values = new double[Math.toIntExact(type.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type.dtype()) {
                case F32 -> buffer.getFloat();
                case BF16 -> Float.intBitsToFloat(buffer.getShort() << 16);
                case I32 -> buffer.getInt();
                case I8 -> buffer.get();
                case F16, F64 -> throw new IllegalArgumentException("no sample has " + type.dtype());
            };
        }
        return values;
    }

    /** Element types and shapes of what the other methods return. */
    static List<TensorType> resultTypes(Sample sample) {
        List<Variable> variables = sample.declare();
        List<TensorType> types = new ArrayList<>();
        sample.apply(new Recorder("types"), variables).forEach(tensor -> types.add(tensor.type()));
        written(sample, variables).forEach(variable -> types.add(variable.type()));
        return types;
    }
}
