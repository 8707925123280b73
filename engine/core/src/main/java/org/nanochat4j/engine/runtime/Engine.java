package org.nanochat4j.engine.runtime;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.Backends;
import org.nanochat4j.engine.spi.DeviceBuffer;
import org.nanochat4j.engine.spi.DeviceInfo;

/**
 * A backend and the memory of the variables used on it.
 *
 * <pre>{@code
 * var engine = Engine.open();
 * var x = engine.tensor(new float[] {1, 2, 3, 4}, 2, 2);
 * var w = engine.parameter("w", new float[] {0.5f, -0.5f}, 2, 1);
 * var tape = engine.eager().tape();
 * var loss = x.matmul(w.tensor()).sumSquares();
 * engine.floats(tape.gradients(loss, List.of(w)).of(w));
 * }</pre>
 *
 * <p>Not for use by several threads at once.
 */
public final class Engine implements AutoCloseable {
    private final Backend backend;
    private final EagerInterpreter eager;
    private final Map<Variable, DeviceBuffer> buffers = new IdentityHashMap<>();

    private Engine(Backend backend) {
        this.backend = backend;
        this.eager = new EagerInterpreter(this);
    }

    /** {@return an engine on the CPU with all processors} */
    public static Engine open() {
        return open("cpu", BackendOptions.DEFAULT);
    }

    /**
     * An engine on a backend of choice.
     *
     * @param backend its name
     * @param options how to open it
     * @return the engine
     * @throws EngineException.NoBackend if there is no such backend or it cannot run here
     */
    public static Engine open(String backend, BackendOptions options) {
        return new Engine(Backends.open(backend, options));
    }

    /** {@return the name of the backend, as it was chosen by} */
    public String backendName() {
        return backend.name();
    }

    /** {@return what it runs on} */
    public DeviceInfo device() {
        return backend.device();
    }

    /** {@return the type that a program had best compute in where it may choose: F32 or BF16} */
    public DType preferredType() {
        return backend.preferredType();
    }

    /** {@return bytes taken so far in the memory of a device of its own; 0 where tensors lie in the host's memory} */
    public long deviceBytes() {
        return backend.deviceBytes();
    }

    /** {@return the kernels that the backend chose for its device by op, where it has a choice; for reports} */
    public Map<String, String> kernels() {
        return backend.kernels();
    }

    /** {@return the interpreter that computes every op now} */
    public Interpreter eager() {
        return eager;
    }

    Backend backend() {
        return backend;
    }

    /**
     * A tensor with these numbers, for eager use.
     *
     * @param values row-major
     * @param dims extents
     * @return the tensor
     */
    public Tensor tensor(float[] values, int... dims) {
        TensorType type = TensorType.f32(dims);
        DeviceBuffer buffer = backend.allocate(type);
        copyIn(buffer, MemorySegment.ofArray(values), "tensor");
        return eager.constant(type, buffer);
    }

    /**
     * A tensor with these ids, for eager use.
     *
     * @param values row-major
     * @param dims extents
     * @return the tensor
     */
    public Tensor tensor(int[] values, int... dims) {
        TensorType type = TensorType.i32(dims);
        DeviceBuffer buffer = backend.allocate(type);
        copyIn(buffer, MemorySegment.ofArray(values), "tensor");
        return eager.constant(type, buffer);
    }

    /**
     * A parameter with these initial numbers.
     *
     * @param name for messages
     * @param values row-major
     * @param dims extents
     * @return the variable
     */
    public Variable parameter(String name, float[] values, int... dims) {
        Variable variable = new Variable(name, TensorType.f32(dims), Variable.Role.PARAMETER);
        write(variable, values);
        return variable;
    }

    /**
     * The numbers of an F32 tensor of this engine.
     *
     * @param tensor an eager tensor or a variable
     * @return a copy, row-major
     */
    public float[] floats(Tensor tensor) {
        require(tensor.type(), DType.F32, "tensor");
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        eager.buffer(tensor).read(0, MemorySegment.ofArray(values));
        return values;
    }

    /**
     * The numbers of an I32 tensor of this engine.
     *
     * @param tensor an eager tensor or a variable
     * @return a copy, row-major
     */
    public int[] ints(Tensor tensor) {
        require(tensor.type(), DType.I32, "tensor");
        int[] values = new int[Math.toIntExact(tensor.shape().elements())];
        eager.buffer(tensor).read(0, MemorySegment.ofArray(values));
        return values;
    }

    /**
     * The single number of an F32 tensor.
     *
     * @param tensor of one element
     * @return its value
     */
    public float item(Tensor tensor) {
        return floats(tensor)[0];
    }

    /**
     * The numbers of an F32 variable.
     *
     * @param variable which
     * @return a copy, row-major
     */
    public float[] floats(Variable variable) {
        return floats(variable.tensor());
    }

    /**
     * The numbers of an I32 variable.
     *
     * @param variable which
     * @return a copy, row-major
     */
    public int[] ints(Variable variable) {
        return ints(variable.tensor());
    }

    /**
     * Reads a part of a variable without allocating.
     *
     * @param variable which
     * @param offset first byte
     * @param target where to; its size says how much
     */
    public void read(Variable variable, long offset, MemorySegment target) {
        buffer(variable).read(offset, target);
    }

    /**
     * Writes a part of a variable without allocating.
     *
     * @param variable which
     * @param offset first byte
     * @param source little-endian elements
     */
    public void write(Variable variable, long offset, MemorySegment source) {
        buffer(variable).write(offset, source);
    }

    /**
     * Writes all of an F32 variable.
     *
     * @param variable which
     * @param values row-major
     */
    public void write(Variable variable, float[] values) {
        require(variable.type(), DType.F32, variable.name());
        copyIn(buffer(variable), MemorySegment.ofArray(values), variable.name());
    }

    /**
     * Writes all of an I32 variable.
     *
     * @param variable which
     * @param values row-major
     */
    public void write(Variable variable, int[] values) {
        require(variable.type(), DType.I32, variable.name());
        copyIn(buffer(variable), MemorySegment.ofArray(values), variable.name());
    }

    /**
     * The memory of a variable; zeros when it is first used.
     *
     * @param variable which
     * @return its buffer
     */
    public DeviceBuffer buffer(Variable variable) {
        DeviceBuffer buffer = buffers.get(variable);
        if (buffer == null) {
            buffer = backend.allocate(variable.type());
            buffers.put(variable, buffer);
        }
        return buffer;
    }

    /**
     * Forgets a variable, so that its memory can be reclaimed.
     *
     * @param variable which
     */
    public void release(Variable variable) {
        buffers.remove(variable);
    }

    /**
     * Plans the memory of programs that will run here.
     *
     * @param programs all of a run
     * @return the plan; nothing is allocated yet
     */
    public MemoryPlan plan(List<Program> programs) {
        return MemoryPlan.of(programs, backend::scratchBytes, backend.blockBytes());
    }

    /**
     * Allocates what a plan says and compiles its programs.
     *
     * @param plan from {@link #plan}
     * @return one executable per program, in order
     * @throws EngineException.OutOfMemory if the plan does not fit the device
     */
    public List<Executable> compile(MemoryPlan plan) {
        if (plan.totalBytes() > device().memoryBytes()) {
            backend.reclaim();
        }
        plan.requireFits(device().memoryBytes(), "use a smaller batch, a shorter sequence or a smaller model");
        return backend.compile(plan, this::buffer);
    }

    /**
     * Runs a program of this engine once more, step by step, and looks at every number: for finding out where a NaN or an infinity comes from.
     * Slow, and variables that the program adds to must be what they were before the run in question.
     *
     * @param program what was compiled
     * @param executable what came of it
     * @return where the first number that is not finite appeared; empty if all are finite
     */
    public Optional<NonFinite> check(Program program, Executable executable) {
        return CheckingReplay.run(this, program, executable);
    }

    /**
     * Looks at every number of a variable.
     *
     * @param variable which
     * @return whether none is NaN or infinite
     */
    public boolean isFinite(Variable variable) {
        return FiniteScan.of(variable.type(), buffer(variable)::read).clean();
    }

    private static void require(TensorType type, DType dtype, String name) {
        if (type.dtype() != dtype) {
            throw new EngineException.BadData(name + " holds " + type.dtype() + ", not " + dtype);
        }
    }

    private static void copyIn(DeviceBuffer buffer, MemorySegment source, String name) {
        Shape shape = buffer.type().shape();
        if (source.byteSize() != buffer.type().bytes()) {
            throw new EngineException.BadData(
                    name + " of shape " + shape + " takes " + shape.elements() + " numbers, not "
                            + source.byteSize() / ValueLayout.JAVA_FLOAT.byteSize()
                            + "\n  remedy: the product of the extents must equal the length of the array");
        }
        buffer.write(0, source);
    }

    @Override
    public void close() {
        backend.close();
        buffers.clear();
    }
}
