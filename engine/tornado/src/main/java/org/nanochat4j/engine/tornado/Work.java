package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.tornado.cublas.Gemm;
import org.nanochat4j.engine.tornado.kernels.Launch;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;

/** One step of a program on its way to tasks: where its operands are, and the tasks made so far. */
public final class Work {
    private final KernelContext context;
    private final Capabilities capabilities;
    private final Step step;
    private final List<Place> in;
    private final List<Place> out;
    private final Place scratch;
    private final @Nullable Place scratchHalves;
    private final String prefix;
    private final List<Task> tasks;

    Work(
            KernelContext context,
            Capabilities capabilities,
            Step step,
            String prefix,
            List<Place> in,
            List<Place> out,
            Place scratch,
            @Nullable Place scratchHalves) {
        this(context, capabilities, step, prefix, in, out, scratch, scratchHalves, new ArrayList<>());
    }

    private Work(
            KernelContext context,
            Capabilities capabilities,
            Step step,
            String prefix,
            List<Place> in,
            List<Place> out,
            Place scratch,
            @Nullable Place scratchHalves,
            List<Task> tasks) {
        this.context = context;
        this.capabilities = capabilities;
        this.step = step;
        this.in = in;
        this.out = out;
        this.scratch = scratch;
        this.scratchHalves = scratchHalves;
        this.prefix = prefix;
        this.tasks = tasks;
    }

    /** The same step with operands and results elsewhere; its tasks come behind those made so far. */
    Work over(Step other, List<Place> otherIn, List<Place> otherOut, Place otherScratch) {
        return new Work(context, capabilities, other, prefix, otherIn, otherOut, otherScratch, scratchHalves, tasks);
    }

    /** {@return the first argument of every kernel} */
    public KernelContext context() {
        return context;
    }

    /** {@return the op} */
    public Op op() {
        return step.op();
    }

    /**
     * Where an operand is.
     *
     * @param index which
     * @return its array and first element
     */
    public Place in(int index) {
        return in.get(index);
    }

    /** {@return how many operands there are} */
    public int operands() {
        return in.size();
    }

    /**
     * Where a result goes.
     *
     * @param index which
     * @return its array and first element
     */
    public Place out(int index) {
        return out.get(index);
    }

    /** Scratch memory for F32, as much as {@link ScratchNeeds} says; free for every step. */
    Place scratch() {
        return scratch;
    }

    /** Scratch memory for BF16, likewise. */
    Place scratchHalves() {
        return Objects.requireNonNull(
                scratchHalves, step.op().name() + " needs scratch memory that none was planned for");
    }

    /**
     * The extents of an operand.
     *
     * @param index which
     * @return its shape
     */
    public Shape shape(int index) {
        return step.inputs().get(index).type().shape();
    }

    /**
     * The extents of a result.
     *
     * @param index which
     * @return its shape
     */
    public Shape outShape(int index) {
        return step.outputs().get(index).type().shape();
    }

    /** Whether the device is a processor, for which some ops have kernels of their own. */
    boolean onProcessor() {
        return capabilities.processor();
    }

    /** What matrix products are computed with, by the type of the factors. */
    KernelFamily products(DType factors) {
        return KernelFamily.products(factors, capabilities);
    }

    Capabilities capabilities() {
        return capabilities;
    }

    /** The argument of kernels over BF16 that says how they convert: 1 by the device, 0 by arithmetic. */
    int builtIn() {
        return capabilities.bf16() == Bf16Access.BUILT_IN ? 1 : 0;
    }

    int rows(int index) {
        return shape(index).rows();
    }

    int columns(int index) {
        return shape(index).last();
    }

    int elements(int index) {
        return Math.toIntExact(shape(index).elements());
    }

    Step step() {
        return step;
    }

    /** {@return the name of the next task} */
    public String next() {
        return prefix + tasks.size();
    }

    /**
     * Adds a task.
     *
     * @param work a kernel with its arguments, named {@link #next}
     * @param launch its items
     */
    public void add(TaskPackage work, Launch launch) {
        tasks.add(new Task.Kernel(work, launch));
    }

    /** Adds matrix products by the library. */
    void add(Gemm gemm, Place a, Place b, Place c) {
        tasks.add(new Task.Product(next(), gemm, a.bank(), b.bank(), c.bank()));
    }

    List<Task> tasks() {
        return tasks;
    }
}
