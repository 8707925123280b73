package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.testbed.OpCatalogue.Entry;
import org.nanochat4j.engine.tornado.TestBackend;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** Ops where an array of the device holds hardly more than one operand, so that operands and results lie in different ones, as those of large models do. */
class TornadoSmallArraysTest {
    /** Sizes of arrays are whole pages, one of which the device keeps. */
    private static final long PAGE = 4 << 10;

    private static final long MOST_BYTES = 256 * PAGE;

    @TestFactory
    @DisplayName("a processor behind OpenCL")
    Stream<DynamicTest> opencl() {
        return entries().map(entry -> test(SimulatedDevice.OPENCL, entry));
    }

    @TestFactory
    @DisplayName("a GPU behind CUDA")
    Stream<DynamicTest> cuda() {
        return entries().map(entry -> test(SimulatedDevice.CUDA, entry));
    }

    private static Stream<Entry> entries() {
        return Stream.concat(TileSamples.entries(), TileSamples.bf16());
    }

    private static DynamicTest test(SimulatedDevice device, Entry entry) {
        return DynamicTest.dynamicTest(entry.name(), () -> {
            Sample sample = entry.samples(1, true).getFirst();
            for (Runs.Operands operands : Runs.Operands.values()) {
                Twins.compare(
                        entry.name(), sample, replay(device, sample, operands), TornadoTwinTest.firstProduct(entry));
            }
        });
    }

    /** Results of an op with the smallest arrays that hold each of its tensors. */
    private static List<byte[]> replay(SimulatedDevice device, Sample sample, Runs.Operands operands) {
        for (long bytes = 2 * PAGE; ; bytes += PAGE) {
            assertTrue(bytes <= MOST_BYTES, "arrays of " + bytes + " bytes are needed for " + sample);
            try (Simulator _ = Simulator.of(device.withArrays(bytes));
                    Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
                return Runs.replay(engine, sample, operands);
            } catch (EngineException.OutOfMemory refused) {
                assertTrue(refused.getMessage().contains("in one piece"), refused::getMessage);
            }
        }
    }
}
