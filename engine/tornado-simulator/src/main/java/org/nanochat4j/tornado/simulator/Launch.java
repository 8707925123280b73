package org.nanochat4j.tornado.simulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** One run of a kernel over a grid, in one order of its work-items. */
final class Launch {
    /** When nothing runs. */
    static final Launch IDLE = new Launch("no kernel", new int[] {1, 1, 1}, new int[] {1, 1, 1}, Order.ASCENDING);

    private static final int DEFAULT_GROUP = 64;
    private static long stamps;

    private final String kernel;
    private final int[] global;
    private final int[] local;
    private final Order order;
    private final int[] itemOrder;
    private final long stamp = stamps++;
    private int item;
    private int phase;
    private boolean roundsByOrder;

    private Launch(String kernel, int[] global, int[] local, Order order) {
        this.kernel = kernel;
        this.global = global;
        this.local = local;
        this.order = order;
        itemOrder = order.of(groupSize());
    }

    /** Runs a kernel on device arrays; without a context it is one item that runs the parallel loops in order. */
    static void run(String name, KernelCode code, Object[] arguments, @Nullable WorkerGrid grid) {
        List<Watch> watches = watches(arguments);
        Launch first = of(name, grid, Order.ASCENDING);
        first.run(code, arguments, watches);
        if (watches.isEmpty() || grid == null) {
            return;
        }
        for (Order order : List.of(Order.DESCENDING, Order.RANDOM)) {
            List<Results> results = watches.stream().map(Results::of).toList();
            watches.forEach(Watch::undo);
            Launch again = of(name, grid, order);
            again.run(code, arguments, watches);
            for (int i = 0; i < watches.size(); i++) {
                results.get(i).compare(again, watches.get(i), first.roundsByOrder);
            }
        }
    }

    /** Runs what a library does with device arrays, as if by one item. */
    static void runAlone(String name, Object[] arguments, Runnable code) {
        Launch launch = of(name, null, Order.ASCENDING);
        for (Watch watch : watches(arguments)) {
            watch.begin(launch, name(watch, arguments));
        }
        code.run();
    }

    /** Runs what finds device arrays by their addresses, unobserved: what it changes counts as written. */
    static void runUnseen(String name, Object[] arguments, Runnable code) {
        Runnable watched = code;
        for (Watch watch : watches(arguments)) {
            Runnable inner = watched;
            watched = () -> watch.runUnseen(inner);
        }
        watched.run();
    }

    private static Launch of(String name, @Nullable WorkerGrid grid, Order order) {
        int[] one = {1, 1, 1};
        if (grid == null) {
            return new Launch(name, one, one, order);
        }
        int[] global = ints(grid.getGlobalWork());
        int[] local = grid.getLocalWork() == null ? new int[] {divisor(global[0]), 1, 1} : ints(grid.getLocalWork());
        Launch launch = new Launch(name, global, local, order);
        for (int d = 0; d < one.length; d++) {
            if (local[d] < 1 || global[d] % local[d] != 0) {
                throw launch.error(
                        "a grid of " + Arrays.toString(global) + " work-items cannot be cut into groups of "
                                + Arrays.toString(local),
                        "round the grid up and guard the index");
            }
        }
        if (launch.groupSize() > Simulator.device().groupItems()) {
            throw launch.error(
                    "a group of " + launch.groupSize() + " work-items; the device allows "
                            + Simulator.device().groupItems(),
                    "use smaller groups");
        }
        return launch;
    }

    private static int[] ints(long[] sizes) {
        return Arrays.stream(sizes).mapToInt(Math::toIntExact).toArray();
    }

    private static int divisor(int size) {
        int group = Math.min(DEFAULT_GROUP, size);
        while (size % group != 0) {
            group--;
        }
        return group;
    }

    private static List<Watch> watches(Object[] arguments) {
        List<Watch> watches = new ArrayList<>();
        for (Object argument : arguments) {
            if (argument instanceof TornadoNativeArray array) {
                Watch watch = Doors.arrays().cells(array).watch();
                if (watch != null && !watches.contains(watch)) {
                    watches.add(watch);
                }
            }
        }
        return watches;
    }

    private void run(KernelCode code, Object[] arguments, List<Watch> watches) {
        for (Watch watch : watches) {
            watch.begin(this, name(watch, arguments));
        }
        try {
            if (Arrays.stream(arguments).noneMatch(KernelContext.class::isInstance)) {
                code.run(arguments);
                return;
            }
            int[] groups = {global[0] / local[0], global[1] / local[1], global[2] / local[2]};
            for (int number : order.of(groups[0] * groups[1] * groups[2])) {
                int[] place = {number % groups[0], number / groups[0] % groups[1], number / (groups[0] * groups[1])};
                new WorkGroup(this, number, place, item -> code.run(bind(arguments, item))).run();
            }
        } catch (IndexOutOfBoundsException | ArithmeticException | NegativeArraySizeException e) {
            throw (SimulatorException) error(e.getMessage() + " in item " + place(item), "guard the index")
                    .initCause(e);
        }
    }

    private static String name(Watch watch, Object[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i] instanceof TornadoNativeArray array
                    && Doors.arrays().cells(array).watch() == watch) {
                return "argument " + (i + 1) + " (" + array.getClass().getSimpleName() + ")";
            }
        }
        throw new IllegalStateException("an array that is no argument");
    }

    private static Object[] bind(Object[] arguments, WorkItem item) {
        KernelContext context = Doors.contexts().apply(item);
        Object[] bound = arguments.clone();
        for (int i = 0; i < bound.length; i++) {
            if (bound[i] instanceof KernelContext) {
                bound[i] = context;
            }
        }
        return bound;
    }

    SimulatorException error(String what, String remedy) {
        return new SimulatorException("kernel " + kernel + ": " + what + "\n  remedy: " + remedy);
    }

    /** The work-item that runs now, by its number in the launch, and the global barriers that its group has passed. */
    void enter(int item, int phase) {
        this.item = item;
        this.phase = phase;
    }

    int item() {
        return item;
    }

    int phase() {
        return phase;
    }

    long stamp() {
        return stamp;
    }

    Order order() {
        return order;
    }

    /** {@return the numbers of a group's items in the order in which they run} */
    int[] itemOrder() {
        return itemOrder;
    }

    int[] globalSize() {
        return global;
    }

    int[] localSize() {
        return local;
    }

    int groupSize() {
        return local[0] * local[1] * local[2];
    }

    int group(int item) {
        return item / groupSize();
    }

    /** {@return where an item is} */
    String place(int item) {
        return item % groupSize() + " of group " + group(item);
    }

    /** Says that results may differ in their last bits from order to order. */
    void roundsByOrder() {
        roundsByOrder = true;
    }
}
