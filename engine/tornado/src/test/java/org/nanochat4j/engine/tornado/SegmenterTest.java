package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.tornado.kernels.Launch;
import org.nanochat4j.engine.tornado.kernels.PointwiseKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TaskPackage;

class SegmenterTest {
    private final KernelContext context = new KernelContext();
    private final Bank bank = Bank.of("bank", Bank.Use.ARENA, DType.F32, 64);

    private List<Task> tasks(int count, boolean distinctNumbers) {
        List<Task> tasks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = distinctNumbers ? i : 0;
            tasks.add(new Task.Kernel(
                    TaskPackage.createPackage(
                            "t" + i,
                            PointwiseKernels::add,
                            context,
                            bank.floats(),
                            5 * at,
                            bank.floats(),
                            5 * at + 1,
                            bank.floats(),
                            5 * at + 2,
                            5 * at + 3),
                    Launch.elements(1)));
        }
        return tasks;
    }

    @Test
    @DisplayName("tasks stay in order, none is lost, and no graph has more than a hundred")
    void order() {
        List<Task> tasks = tasks(250, false);
        List<List<Task>> segments = Segmenter.cut(tasks, 5);
        List<Task> joined = new ArrayList<>();
        segments.forEach(joined::addAll);
        assertEquals(tasks, joined);
        segments.forEach(segment -> assertTrue(segment.size() <= Segmenter.MOST_TASKS));
        assertEquals(3, segments.size());
    }

    @Test
    @DisplayName("many arguments and many distinct numbers make smaller graphs")
    void limits() {
        for (List<Task> segment : Segmenter.cut(tasks(400, true), 5)) {
            Set<Number> numbers = new HashSet<>();
            int bytes = 0;
            int nodes = 0;
            for (Task task : segment) {
                task.collectConstants(numbers);
                bytes += 15 + 5 * task.arguments();
                nodes += 1 + task.arrays();
            }
            assertTrue(bytes <= 8192, bytes + " bytes");
            assertTrue(nodes + numbers.size() <= 1024, nodes + " nodes and " + numbers.size() + " numbers");
        }
    }

    @Test
    @DisplayName("a program without tasks has no graphs")
    void empty() {
        assertEquals(List.of(), Segmenter.cut(List.of(), 5));
    }
}
