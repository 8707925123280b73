package org.nanochat4j.engine.tornado;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.tornado.kernels.StageKernels;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/**
 * The task graphs of a memory plan, all over the same banks.
 *
 * <p>The first one, {@code root}, makes all banks on the device and zeroes the variables. Every other graph consumes all banks and persists them again, whether
 * its tasks name them or not: TornadoVM hands a graph the arrays of the one that ran before, so with all banks in all graphs any order is right. One graph for each
 * bank of variables copies from a {@link Stage}. The rest are the segments of programs; the first of each program brings the inputs.
 */
final class Graphs {
    /** The index of the graph that must run first. */
    static final int ROOT = 0;

    /** Plans that there were: names of graphs are unique in this process. */
    private static final AtomicInteger PLANS = new AtomicInteger();

    private final String prefix = "p" + PLANS.incrementAndGet() + "_";
    private final String root = prefix + "root";
    private final KernelContext context;
    private final List<Bank> banks;
    private final Map<DType, Stage> stages = new EnumMap<>(DType.class);
    private final Map<Bank, Integer> uploads = new IdentityHashMap<>();
    private final List<ImmutableTaskGraph> all = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<Integer> tasks = new ArrayList<>();
    private final List<Long> streamedElements = new ArrayList<>();
    private final GridScheduler grids = new GridScheduler();
    private final int firstSegment;

    Graphs(KernelContext context, List<Bank> banks) {
        this.context = context;
        this.banks = List.copyOf(banks);
        addRoot();
        Map<DType, List<Bank>> resident = banks.stream()
                .filter(bank -> bank.use() == Bank.Use.RESIDENT)
                .collect(Collectors.groupingBy(Bank::dtype));
        resident.forEach((dtype, members) -> stages.put(dtype, Stage.of(dtype, members)));
        resident.values().forEach(members -> members.forEach(this::addUpload));
        firstSegment = all.size();
    }

    private void addRoot() {
        List<Task> zeros = new ArrayList<>();
        for (Bank bank : banks) {
            zeros.add(zero("zero" + zeros.size(), bank, bank.use() == Bank.Use.RESIDENT ? bank.elements() : 1));
        }
        add(root, new TaskGraph(root), zeros, List.of());
    }

    private Task zero(String name, Bank bank, int elements) {
        TaskPackage work = switch (bank.dtype()) {
            case F32 -> TaskPackage.createPackage(name, StageKernels::zero, context, bank.floats(), elements);
            case I32 -> TaskPackage.createPackage(name, StageKernels::zeroInts, context, bank.ints(), elements);
            case BF16 -> TaskPackage.createPackage(name, StageKernels::zeroShorts, context, bank.halves(), elements);
            case F16, I8, F64 -> throw new IllegalStateException("a bank of " + bank.dtype());
        };
        return new Task.Kernel(work, StageKernels.launch());
    }

    private void addUpload(Bank bank) {
        Stage stage = stage(bank);
        String name = prefix + "upload" + all.size();
        TaskPackage work = switch (bank.dtype()) {
            case F32 ->
                TaskPackage.createPackage(
                        "copy",
                        StageKernels::copy,
                        context,
                        stage.data().floats(),
                        stage.control().ints(),
                        bank.floats());
            case I32 ->
                TaskPackage.createPackage(
                        "copy",
                        StageKernels::copyInts,
                        context,
                        stage.data().ints(),
                        stage.control().ints(),
                        bank.ints());
            case BF16 ->
                TaskPackage.createPackage(
                        "copy",
                        StageKernels::copyShorts,
                        context,
                        stage.data().halves(),
                        stage.control().ints(),
                        bank.halves());
            case F16, I8, F64 -> throw new IllegalStateException("a bank of " + bank.dtype());
        };
        TaskGraph graph = new TaskGraph(name)
                .transferToDevice(
                        DataTransferMode.EVERY_EXECUTION,
                        stage.data().array(),
                        stage.control().array())
                .consumeFromDevice(root, arrays(banks));
        uploads.put(bank, all.size());
        add(name, graph, List.of(new Task.Kernel(work, StageKernels.launch())), List.of());
    }

    /**
     * Adds the segments of a program.
     *
     * @param program its name
     * @param streamed banks of inputs that it reads
     * @param segments the tasks of each graph, in order
     * @return the indices of its graphs, in order
     */
    int[] addProgram(String program, List<Bank> streamed, List<List<Task>> segments) {
        String start = prefix + program.replaceAll("[^A-Za-z0-9]", "_") + "_";
        int first = all.size();
        for (List<Task> segment : segments) {
            String name = start + all.size();
            TaskGraph graph = new TaskGraph(name);
            if (all.size() > first) {
                graph.consumeFromDevice(names.getLast(), arrays(banks));
                add(name, graph, segment, List.of());
            } else {
                if (!streamed.isEmpty()) {
                    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, arrays(streamed));
                }
                List<Bank> others =
                        banks.stream().filter(bank -> !streamed.contains(bank)).toList();
                graph.consumeFromDevice(root, arrays(others));
                add(name, graph, segment, streamed);
            }
        }
        return IntStream.range(first, all.size()).toArray();
    }

    private void add(String name, TaskGraph graph, List<Task> work, List<Bank> streamed) {
        for (Task task : work) {
            task.addTo(graph);
            task.grid().ifPresent(grid -> grids.addWorkerGrid(name + "." + task.name(), grid));
        }
        graph.persistOnDevice(arrays(banks));
        all.add(graph.snapshot());
        names.add(name);
        tasks.add(work.size());
        streamedElements.add(streamed.stream().mapToLong(Bank::elements).sum());
    }

    private static Object[] arrays(List<Bank> banks) {
        return banks.stream().map(Bank::array).toArray();
    }

    Stage stage(Bank bank) {
        return Objects.requireNonNull(stages.get(bank.dtype()));
    }

    /** Bytes of all arrays on the device. */
    long bytes() {
        long bytes = banks.stream().mapToLong(Bank::bytes).sum();
        for (Stage stage : stages.values()) {
            bytes += stage.data().bytes() + stage.control().bytes();
        }
        return bytes;
    }

    /** The index of the graph that copies from the stage to a bank. */
    int upload(Bank bank) {
        return Objects.requireNonNull(uploads.get(bank));
    }

    ImmutableTaskGraph[] all() {
        return all.toArray(ImmutableTaskGraph[]::new);
    }

    String name(int index) {
        return names.get(index);
    }

    /** Whether a graph is a segment of a program, and not one that makes banks or fills them. */
    boolean isSegment(int index) {
        return index >= firstSegment;
    }

    /** How many kernels a graph has. */
    int tasks(int index) {
        return tasks.get(index);
    }

    /** Elements of inputs that come along when a graph runs. */
    long streamedElements(int index) {
        return streamedElements.get(index);
    }

    GridScheduler grids() {
        return grids;
    }
}
