package org.nanochat4j.engine.testbed;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.tornado.TestBackend;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** All ops over BF16, most of which run the kernels for F32, on both kinds of simulated devices with everything checked: races, missing barriers, reads of garbage. */
class TornadoCheckedTest {
    @TestFactory
    @DisplayName("a processor behind OpenCL, which computes the bits of BF16")
    Stream<DynamicTest> opencl() {
        return checked(SimulatedDevice.OPENCL);
    }

    @TestFactory
    @DisplayName("a GPU behind CUDA, which converts BF16 itself")
    Stream<DynamicTest> cuda() {
        return checked(SimulatedDevice.CUDA);
    }

    private static Stream<DynamicTest> checked(SimulatedDevice device) {
        return TornadoTwinTest.bf16()
                .map(entry -> DynamicTest.dynamicTest(entry.name(), () -> {
                    try (Simulator _ = Simulator.checking(device);
                            Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
                        Sample sample = entry.samples(1, true).getFirst();
                        List<byte[]> results = Runs.replay(engine, sample, Runs.Operands.TEMPORARIES);
                        Twins.compare(entry.name(), sample, results, TornadoTwinTest.firstProduct(entry));
                    }
                }));
    }
}
