package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What a task graph has no room for, and what it refuses to compile. */
class GraphLimitsTest {
    private final FloatArray x = new FloatArray(4);

    @Test
    void hundredTasksFit() {
        compile(graph(100, 1));
    }

    @Test
    @DisplayName("broken: 120 tasks in a graph")
    void tooManyTasks() {
        refused("graph 'g' has 120 tasks; there is room for 110", graph(120, 1));
    }

    @Test
    void tooManyConstants() {
        refused("nodes (distinct constants, arrays, tasks, writes)", graph(100, 9));
    }

    @Test
    void tooManyArguments() {
        TaskGraph graph = new TaskGraph("g");
        for (int i = 0; i < 100; i++) {
            graph.addTask(TaskPackage.createPackage(
                    "t" + i, GraphLimitsTest::fourteen, x, x, x, x, x, x, x, x, x, x, x, x, x, x));
        }
        refused("has 8500 bytes of tasks and their arguments; there is room for 8192", graph);
    }

    @Test
    void bytecodesHaveALimitOfTheirOwn() {
        String property = "tornado.tvm.maxbytecodesize";
        String before = System.getProperty(property);
        System.setProperty(property, "4096");
        try {
            refused("-D" + property, graph(100, 1));
        } finally {
            System.setProperty(property, before);
        }
    }

    @Test
    void taskNamesAreDistinct() {
        TaskGraph graph = graph(1, 1);
        assertThrows(TornadoRuntimeException.class, () -> graph.task("t0", TestKernels::addLoop, x, x, 1f));
    }

    @Test
    @DisplayName("broken: >>> in a kernel is refused when its graph is compiled")
    void unsignedShift() {
        TaskGraph graph =
                new TaskGraph("g").task("t", BrokenKernels::unsignedShift, new KernelContext(), new IntArray(4));
        String message = Run.message(TornadoBailoutRuntimeException.class, () -> compile(graph));
        assertTrue(message.contains("task g.t") && message.contains("UNSIGNED_SHIFT"), message);
    }

    @Test
    @DisplayName("broken: a written array comes again as a later argument")
    void writtenArrayComesAgain() {
        TaskGraph graph = new TaskGraph("g").task("t", GraphLimitsTest::firstIsWritten, x, x, 1f);
        String message = Run.message(SimulatorException.class, () -> compile(graph));
        assertTrue(message.contains("as argument 1, which it writes, and again as argument 2"), message);
        compile(new TaskGraph("g").task("t", TestKernels::addLoop, x, x, 1f)); // written last
    }

    static void firstIsWritten(FloatArray y, FloatArray x, float by) {
        y.set(0, x.get(0) + by);
    }

    static void fourteen(
            FloatArray a,
            FloatArray b,
            FloatArray c,
            FloatArray d,
            FloatArray e,
            FloatArray f,
            FloatArray g,
            FloatArray h,
            FloatArray i,
            FloatArray j,
            FloatArray k,
            FloatArray l,
            FloatArray m,
            FloatArray n) {
        n.set(0, a.get(0));
    }

    static void nine(FloatArray x, int a, int b, int c, int d, int e, int f, int g, int h, int i) {
        x.set(0, a + b + c + d + e + f + g + h + i);
    }

    private TaskGraph graph(int tasks, int constants) {
        TaskGraph graph = new TaskGraph("g");
        for (int i = 0; i < tasks; i++) {
            int n = 10 * i;
            if (constants == 1) {
                graph.task("t" + i, TestKernels::addLoop, x, x, (float) i);
            } else {
                graph.task(
                        "t" + i, GraphLimitsTest::nine, x, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8);
            }
        }
        return graph;
    }

    private static void compile(TaskGraph graph) {
        new TornadoExecutionPlan(graph.snapshot()).withPreCompilation();
    }

    private static void refused(String what, TaskGraph graph) {
        String message = Run.message(TornadoRuntimeException.class, () -> compile(graph));
        assertTrue(message.contains(what) && message.contains("remedy"), message);
    }
}
