package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestAtomicsBackend;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** Gradients of tables by atomic adds of floats, on the simulated GPU with everything checked. */
class TornadoAtomicsTest {
    private static final int SHAPES = 3;

    private static final Set<Class<?>> TABLES = Set.of(Embedding.class, EmbeddingGrad.class);

    private final Simulator simulator = Simulator.checking(SimulatedDevice.CUDA);
    private final Engine engine = Engine.open(TestAtomicsBackend.NAME, BackendOptions.DEFAULT);

    @AfterEach
    void close() {
        engine.close();
        simulator.close();
    }

    /** Over F32 and BF16, with programs of the reverse mode. */
    static Stream<OpCatalogue.Entry> tables() {
        return Stream.of(TornadoTwinTest.f32(), TornadoTwinTest.bf16(), TileSamples.entries())
                .flatMap(entries -> entries)
                .filter(entry -> TABLES.contains(entry.op()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tables")
    @DisplayName("kernel = naive twin within the op's tolerance")
    void twins(OpCatalogue.Entry entry) {
        for (Sample sample : entry.samples(SHAPES, true)) {
            Twins.compare(entry.name(), sample, Runs.replay(engine, sample, Runs.Operands.TEMPORARIES));
        }
        Sample large = entry.samples(1, false).getFirst();
        Twins.compare(entry.name(), large, Runs.replay(engine, large, Runs.Operands.VARIABLES));
    }

    @Test
    @DisplayName("each run begins with a table of zeros, and the report says what adds up")
    void beginsWithZeros() {
        Variable dy = new Variable("dy", TensorType.f32(5, 2), Variable.Role.INPUT);
        Variable ids = new Variable("ids", TensorType.i32(5), Variable.Role.INPUT);
        Variable gradient = new Variable("gradient", TensorType.f32(3, 2), Variable.Role.OUTPUT);
        Recorder recorder = new Recorder("gradient");
        recorder.apply(
                new Assign(),
                List.of(
                        recorder.use(gradient),
                        recorder.apply(new EmbeddingGrad(3), List.of(recorder.use(dy), recorder.use(ids)))
                                .getFirst()));
        Executable program =
                engine.compile(engine.plan(List.of(recorder.finish()))).getFirst();
        engine.write(dy, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
        engine.write(ids, new int[] {2, 0, 2, 2, 0});
        for (int run = 0; run < 2; run++) {
            program.run();
            assertArrayEquals(new float[] {12, 14, 0, 0, 13, 16}, engine.floats(gradient));
        }
        assertEquals(
                "gradients of tables by atomic adds of floats, F32: the last bits differ from run to run",
                engine.kernels().get("EmbeddingGrad"));
        assertTrue(
                engine.device().features().stream().anyMatch(feature -> feature.endsWith("do not repeat bit for bit")),
                engine.device()::toString);
    }
}
