package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestGraphsBackend;
import org.nanochat4j.engine.tornado.TestLibraryBackend;
import org.nanochat4j.engine.tornado.cublas.FakeCublas;
import org.nanochat4j.tornado.simulator.Counters;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** Training steps whose launches, of kernels and of a library, are replayed by CUDA graphs: on the simulated CUDA device, which refuses misuse of them. */
class TornadoCudaGraphsTest {
    private final Simulator simulator = Simulator.of(SimulatedDevice.CUDA).with(new FakeCublas().provider());

    @AfterEach
    void close() {
        simulator.close();
    }

    /**
     * Three steps.
     *
     * @param done what the device did in each
     * @param results of the last one
     */
    private record Training(List<Counters> done, List<float[]> results) {}

    /** Before the third step the host writes inputs, and a variable that programs write. */
    private static Training train(String backend) {
        try (Engine engine = Engine.open(backend, BackendOptions.DEFAULT)) {
            TinyTransformer network = new TinyTransformer();
            TornadoReplayTest.write(engine, network);
            Executable step = TornadoReplayTest.compile(engine, network);
            List<Counters> done = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                if (i == 2) {
                    int[] ids = new int[TinyTransformer.BATCH * TinyTransformer.TIME];
                    Arrays.fill(ids, 5);
                    engine.write(network.ids, ids);
                    engine.write(network.parameters.all().getLast().value(), new float[] {0.25f});
                }
                Counters before = Simulator.counters();
                step.run();
                done.add(Simulator.counters().since(before));
            }
            return new Training(
                    done, network.changed().stream().map(engine::floats).toList());
        }
    }

    @Test
    @DisplayName(
            "the same bits as launched one by one; a program's graphs are captured once, those that fill banks never")
    void training() {
        Training plain = train(TestLibraryBackend.NAME);
        Training replayed = train(TestGraphsBackend.NAME);
        for (int i = 0; i < plain.results().size(); i++) {
            assertArrayEquals(plain.results().get(i), replayed.results().get(i));
        }
        long graphs = replayed.done().getFirst().captures();
        long tasks = plain.done().get(1).launches();
        assertTrue(graphs > 0 && tasks > graphs, graphs + " graphs of " + tasks + " tasks");
        for (int i = 0; i < 3; i++) {
            Counters now = replayed.done().get(i);
            assertEquals(i == 0 ? graphs : 0, now.captures(), "captured");
            assertEquals(graphs, now.replays(), "replayed");
            assertEquals(plain.done().get(i).launches() - tasks, now.launches(), "launched one by one");
            assertEquals(plain.done().get(i).uploads(), now.uploads(), "uploaded");
        }
        assertEquals(0, replayed.done().get(1).launches());
        assertEquals(1, replayed.done().get(2).launches(), "the written variable is copied from its stage");
    }

    @Test
    @DisplayName("what launches is in the report")
    void isReported() {
        try (Engine engine = Engine.open(TestGraphsBackend.NAME, BackendOptions.DEFAULT)) {
            assertTrue(
                    engine.device().features().contains("launches replayed by CUDA graphs"), engine.device()::toString);
        }
    }
}
