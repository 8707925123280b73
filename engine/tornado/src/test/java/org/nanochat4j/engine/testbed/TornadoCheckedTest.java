package org.nanochat4j.engine.testbed;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.CausalAttentionGrad;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.testbed.OpCatalogue.Entry;
import org.nanochat4j.engine.tornado.TestBackend;
import org.nanochat4j.engine.tornado.TestLibraryBackend;
import org.nanochat4j.engine.tornado.cublas.FakeCublas;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

/** All ops, over F32 and over BF16, on both kinds of simulated devices with everything checked: races, missing barriers, reads of garbage. */
class TornadoCheckedTest {
    /** Ops with other kernels over F32 on a processor than on a GPU; those of all others are checked once. */
    private static final Set<Class<?>> TILED = Set.of(
            CausalAttention.class, CausalAttentionGrad.class, Logits.class, MatMul.class, SoftcapCrossEntropy.class);

    @TestFactory
    @DisplayName("a processor behind OpenCL, which computes the bits of BF16")
    Stream<DynamicTest> opencl() {
        return withOthers(TornadoTwinTest.f32()).map(entry -> test(entry, () -> check(SimulatedDevice.OPENCL, entry)));
    }

    @TestFactory
    @DisplayName("a GPU behind CUDA with tensor cores and less local memory, which converts BF16 itself")
    Stream<DynamicTest> cuda() {
        Stream<Entry> tiled = TornadoTwinTest.f32().filter(entry -> TILED.contains(entry.op()));
        return withOthers(tiled).map(entry -> test(entry, () -> check(SimulatedDevice.CUDA, entry)));
    }

    @TestFactory
    @DisplayName("the GPU with products by a library")
    Stream<DynamicTest> library() {
        return withOthers(TornadoTwinTest.f32())
                .filter(entry -> TornadoLibraryTest.PRODUCTS.contains(entry.op()))
                .map(entry -> test(entry, () -> checkWithLibrary(entry)));
    }

    /** Entries over F32, those over BF16, and the larger samples of both. */
    private static Stream<Entry> withOthers(Stream<Entry> f32) {
        return Stream.of(f32, TornadoTwinTest.bf16(), TileSamples.entries(), TileSamples.bf16())
                .flatMap(entries -> entries);
    }

    private static DynamicTest test(Entry entry, Runnable check) {
        return DynamicTest.dynamicTest(entry.name(), check::run);
    }

    private static void check(SimulatedDevice device, Entry entry) {
        try (Simulator _ = Simulator.checking(device)) {
            run(TestBackend.NAME, entry);
        }
    }

    private static void checkWithLibrary(Entry entry) {
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA).with(new FakeCublas().provider())) {
            run(TestLibraryBackend.NAME, entry);
        }
    }

    private static void run(String backend, Entry entry) {
        try (Engine engine = Engine.open(backend, BackendOptions.DEFAULT)) {
            Sample sample = entry.samples(1, true).getFirst();
            List<byte[]> results = Runs.replay(engine, sample, Runs.Operands.TEMPORARIES);
            Twins.compare(entry.name(), sample, results, TornadoTwinTest.firstProduct(entry));
        }
    }
}
