package org.nanochat4j.engine.testbed;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.testbed.OpCatalogue.Entry;
import org.nanochat4j.engine.tornado.TestBackend;
import org.nanochat4j.engine.tornado.kernels.GemmKernels;
import org.nanochat4j.tornado.simulator.MissingBarrier;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;
import org.opentest4j.AssertionFailedError;

/** Every barrier in the kernels is there for a reason, and {@link TornadoCheckedTest} would notice if it were not: the kernels are run without one at a time. */
class MissingBarrierTest {
    /**
     * Barriers behind which others follow before anything is written again. What comes last in a method of {@code Group} must keep its items together if it is called in a loop, for
     * the local array is the same each time; who calls these two next need not know that nobody does today.
     */
    private static final Set<MissingBarrier> SPARE = Set.of(
            new MissingBarrier("DecodeKernels.attention", 2),
            new MissingBarrier("Group.max", 2),
            new MissingBarrier("Group.sum", 2));

    @TestFactory
    @DisplayName("is noticed")
    Stream<DynamicTest> isNoticed() throws IOException, URISyntaxException, ClassNotFoundException {
        Stream.Builder<MissingBarrier> barriers = Stream.builder();
        for (Class<?> kernels : kernels()) {
            MissingBarrier.of(kernels).forEach(barriers);
        }
        return barriers.build()
                .filter(barrier -> !SPARE.contains(barrier))
                .map(barrier -> DynamicTest.dynamicTest(barrier.toString(), () -> isNoticed(barrier)));
    }

    /** All classes of the kernels' package. */
    private static List<Class<?>> kernels() throws IOException, URISyntaxException, ClassNotFoundException {
        String name = GemmKernels.class.getPackageName();
        Path classes = Path.of(GemmKernels.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve(name.replace('.', '/'));
        List<Class<?>> kernels = new ArrayList<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file : files.sorted().toList()) {
                String type = file.getFileName().toString().replace(".class", "");
                if (!type.equals("package-info")) {
                    kernels.add(Class.forName(name + "." + type));
                }
            }
        }
        return kernels;
    }

    private static void isNoticed(MissingBarrier barrier) {
        Entry entry = entry(barrier);
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA).without(barrier);
                Engine engine = Engine.open(TestBackend.NAME, BackendOptions.DEFAULT)) {
            Sample sample = entry.samples(1, true).getFirst();
            List<byte[]> results = Runs.replay(engine, sample, Runs.Operands.TEMPORARIES);
            Twins.compare(entry.name(), sample, results, TornadoTwinTest.firstProduct(entry));
        } catch (EngineException.DeviceFailed | AssertionFailedError _) {
            return; // by the device, or by the results
        }
        fail(entry.name() + " passes without it");
    }

    /** What runs the code around a barrier. */
    private static Entry entry(MissingBarrier barrier) {
        String method = barrier.method();
        String type = method.substring(0, method.indexOf('.'));
        return switch (type) {
            case "AttentionGradKernels" -> entry("CausalAttentionGrad (tiles)");
            case "AttentionKernels" -> entry("CausalAttention (tiles)");
            case "DecodeKernels" -> entry("CachedAttention (tiles)");
            case "GemmKernels" -> entry("MatMul (NT tiles)");
            case "Group" ->
                switch (method) {
                    case "Group.max" -> entry("SoftcapCrossEntropy (with its gradients tiles)");
                    case "Group.placeOfMax" -> entry("TopKSample (3 of 300 tiles)");
                    default -> entry("RmsNorm (tiles)");
                };
            case "MmaKernels" -> Bf16Samples.of(entry("MatMul (NT tiles)"));
            case "MuonKernels" -> entry("MuonUpdate (wide tiles)");
            case "NarrowAttentionGradKernels" -> Bf16Samples.of(entry("CausalAttentionGrad (tiles)"));
            case "NarrowAttentionKernels" -> Bf16Samples.of(entry("CausalAttention (tiles)"));
            case "RowKernels" -> entry("SumRows (tiles)");
            case "SamplingKernels" -> entry("TopKSample (all of 300 tiles)");
            default -> throw new IllegalStateException("which sample runs " + method + "? add it here");
        };
    }

    private static Entry entry(String name) {
        return TileSamples.entries()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no sample " + name));
    }
}
