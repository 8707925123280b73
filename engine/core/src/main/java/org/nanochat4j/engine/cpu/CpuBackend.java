package org.nanochat4j.engine.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.cpu.kernels.Memory;
import org.nanochat4j.engine.cpu.kernels.Parallel;
import org.nanochat4j.engine.cpu.kernels.Products;
import org.nanochat4j.engine.cpu.kernels.TileGemm;
import org.nanochat4j.engine.cpu.kernels.TileKernel;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.DeviceBuffer;
import org.nanochat4j.engine.spi.DeviceInfo;

/** Runs ops on this machine's processors: eager and replayed with the very same kernels, so with the same bits. */
final class CpuBackend implements Backend {
    /** After a collection a thread of the JVM's frees one piece after the other; for so long it may seem to rest. */
    private static final long RECLAIM_NANOS = 100_000_000;

    private final Parallel pool;
    private final List<String> features;
    private final boolean tiles;
    private final Lowering lowering;
    private final boolean fusion;
    private final Map<Peephole, Integer> fused = new EnumMap<>(Peephole.class);
    private MemorySegment eagerScratch = MemorySegment.NULL;

    CpuBackend(int threads, boolean machineCode, boolean fusion) {
        this(threads, machineCode, fusion, machineCode && TileGemm.obstacle().isEmpty() ? TileKernel.CODE : null);
    }

    /**
     * With a matrix unit or what stands for it.
     *
     * @param tiles null for none
     */
    CpuBackend(int threads, boolean machineCode, boolean fusion, @Nullable TileKernel tiles) {
        this.pool = new Parallel(threads, Products.of(machineCode));
        this.lowering = new Lowering(pool, tiles);
        this.fusion = fusion;
        this.tiles = tiles != null;
        this.features = List.of(Products.explain(machineCode), TileGemm.explain(machineCode));
    }

    @Override
    public String name() {
        return CpuBackendProvider.NAME;
    }

    @Override
    public DeviceInfo device() {
        // Without the number of threads, and without who multiplies: the bytes of a result depend on neither.
        String path = "Vector API, " + Memory.LANES * 32 + " bits, F32" + (tiles ? ", BF16 on the matrix unit" : "");
        return new DeviceInfo(Machine.processor(), Machine.availableBytes(), pool.threads(), path, features);
    }

    @Override
    public Map<String, String> kernels() {
        Map<String, String> kernels = new LinkedHashMap<>();
        fused.forEach((peephole, count) -> kernels.put(peephole.ops(), "one kernel, " + count + " x"));
        return kernels;
    }

    @Override
    public DeviceBuffer allocate(TensorType type) {
        return new CpuBuffer(type, memory(type.bytes()));
    }

    /** Zeroed memory that is freed when it is no longer reachable. */
    private static MemorySegment memory(long bytes) {
        return Arena.ofAuto().allocate(Math.max(bytes, 1), Memory.ALIGNMENT);
    }

    /** The heap hardly grows with off-heap memory, so collections may be rare: engines that were closed minutes ago can fill the machine. */
    @Override
    public void reclaim() {
        long before;
        long available = Machine.availableBytes();
        System.gc();
        do {
            before = available;
            LockSupport.parkNanos(RECLAIM_NANOS);
            available = Machine.availableBytes();
        } while (available > before);
    }

    @Override
    public long scratchBytes(Step step) {
        return lowering.scratchBytes(step);
    }

    @Override
    public List<Executable> compile(MemoryPlan plan, Function<Variable, DeviceBuffer> variables) {
        plan.requireFits(
                Machine.offHeapLimit(),
                "this JVM's limit for memory outside the heap is in the way: start java with -XX:MaxDirectMemorySize="
                        + (plan.totalBytes() / 1_000_000_000 + 1) + "g or more");
        MemorySegment arena = memory(plan.arenaBytes());
        MemorySegment scratch = memory(plan.scratchBytes());
        List<Executable> executables = new ArrayList<>();
        for (MemoryPlan.Layout layout : plan.layouts()) {
            executables.add(bind(layout, variables, arena, scratch));
        }
        return List.copyOf(executables);
    }

    private CpuExecutable bind(
            MemoryPlan.Layout layout,
            Function<Variable, DeviceBuffer> variables,
            MemorySegment arena,
            MemorySegment scratch) {
        Program program = layout.program();
        MemorySegment[] values = new MemorySegment[program.values().size()];
        for (Value value : program.values()) {
            Variable variable =
                    program.values().get(layout.liveness().storage(value)).variable();
            values[value.id()] = variable != null
                    ? ((CpuBuffer) variables.apply(variable)).segment()
                    : arena.asSlice(layout.offset(value), value.type().bytes());
        }
        List<BoundStep> steps = new ArrayList<>();
        for (Step step : CpuExecutable.computing(program)) {
            Kernel kernel = lowering.bind(
                    step, addresses(step.inputs(), values), addresses(step.outputs(), values), scratch.address());
            steps.add(BoundStep.of(step, kernel, values));
        }
        Kernel[] single = steps.stream().map(BoundStep::kernel).toArray(Kernel[]::new);
        return new CpuExecutable(program, single, fusion ? Fusion.of(steps, fused) : single, values, scratch);
    }

    private static long[] addresses(List<Value> values, MemorySegment[] segments) {
        return values.stream()
                .mapToLong(value -> segments[value.id()].address())
                .toArray();
    }

    @Override
    public void run(Op op, List<DeviceBuffer> inputs, List<DeviceBuffer> outputs) {
        List<Value> in = values(inputs);
        List<Value> out = values(outputs);
        Step step = new Step(op, in, out, "");
        long scratch = lowering.scratchBytes(step);
        if (eagerScratch.byteSize() < scratch) {
            eagerScratch = memory(scratch);
        }
        lowering.bind(step, addresses(inputs), addresses(outputs), eagerScratch.address())
                .run();
        Reference.reachabilityFence(inputs);
        Reference.reachabilityFence(outputs);
    }

    private static List<Value> values(List<DeviceBuffer> buffers) {
        return buffers.stream().map(buffer -> new Value(0, buffer.type(), null)).toList();
    }

    private static long[] addresses(List<DeviceBuffer> buffers) {
        return buffers.stream().mapToLong(buffer -> address(buffer)).toArray();
    }

    private static long address(DeviceBuffer buffer) {
        if (buffer instanceof CpuBuffer cpu) {
            return cpu.address();
        }
        throw new EngineException.BadProgram("a buffer of another backend reached the CPU: " + buffer.type());
    }

    @Override
    public void close() {
        pool.close();
    }
}
