package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.DeviceBuffer;
import org.nanochat4j.engine.spi.DeviceInfo;
import org.nanochat4j.engine.tornado.cublas.FakeCublas;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

class SelfCheckTest {
    private static Set<KernelChoice> all(Capabilities device) {
        return Probe.all().stream()
                .map(probe -> KernelChoice.of(probe.step(), device))
                .collect(Collectors.toSet());
    }

    @Test
    @DisplayName("the simulated device passes")
    void passes() {
        try (Backend backend = new TestBackend().open(BackendOptions.DEFAULT)) {
            Capabilities device = TestBackend.capabilities(backend);
            SelfCheck.run(backend, device, all(device));
        }
    }

    @Test
    @DisplayName("the simulated GPU passes with products by a library")
    void passesWithLibrary() {
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA).with(new FakeCublas().provider());
                Backend backend = TestBackend.open(BackendOptions.DEFAULT, VendorLibrary.CUBLAS)) {
            Capabilities device = TestBackend.capabilities(backend);
            Set<KernelChoice> products = all(device);
            products.removeIf(choice -> !choice.family().name().startsWith("CUBLAS"));
            SelfCheck.run(backend, device, products);
        }
    }

    @Test
    @DisplayName("the simulated GPU passes with products by tensor cores")
    void passesWithTensorCores() {
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA);
                Backend backend = new TestBackend().open(BackendOptions.DEFAULT)) {
            Capabilities device = TestBackend.capabilities(backend);
            Set<KernelChoice> products = all(device);
            products.removeIf(choice -> !choice.family().name().startsWith("MMA"));
            assertEquals(2, products.size());
            SelfCheck.run(backend, device, products);
        }
    }

    @Test
    @DisplayName("the simulated GPU passes with attention that converts BF16 itself")
    void passesWithNarrowAttention() {
        try (Simulator _ = Simulator.of(SimulatedDevice.CUDA);
                Backend backend = new TestBackend().open(BackendOptions.DEFAULT)) {
            Capabilities device = TestBackend.capabilities(backend);
            KernelChoice attention = new KernelChoice(KernelFamily.TILED_ATTENTION_BF16, KernelChoice.Operands.NARROW);
            assertTrue(all(device).contains(attention));
            SelfCheck.run(backend, device, Set.of(attention));
        }
    }

    @Test
    @DisplayName("the simulated GPU passes with gradients of tables by atomic adds")
    void passesWithAtomics() {
        try (Simulator _ = Simulator.checking(SimulatedDevice.CUDA);
                Backend backend = new TestAtomicsBackend().open(BackendOptions.DEFAULT)) {
            Capabilities device = TestBackend.capabilities(backend);
            Set<KernelChoice> gradients = all(device);
            gradients.removeIf(choice -> choice.family() != KernelFamily.ATOMIC_ADDS_FP32);
            assertEquals(2, gradients.size(), "over F32, and over BF16 widened");
            SelfCheck.run(backend, device, gradients);
        }
    }

    @Test
    @DisplayName("tensor cores are those of compute capability 8.0 and later, as TornadoVM describes a device")
    void tensorCores() {
        assertTrue(Capabilities.hasTensorCores(
                "Device vendor    : NVIDIA\nDevice version   : CUDA 9.0\nDriver version   : 12.4\n"));
        assertFalse(Capabilities.hasTensorCores("Device version   : CUDA 7.5\n"));
        assertFalse(Capabilities.hasTensorCores("Device version   : OpenCL 3.0 CUDA\n"));
    }

    @Test
    @DisplayName("every family that ops are computed with has a probe")
    void everyFamilyIsProbed() {
        Set<KernelFamily> probed = EnumSet.noneOf(KernelFamily.class);
        VendorLibrary none = VendorLibrary.none("of this test");
        for (Capabilities device : List.of(
                device(true, Bf16Access.COMPUTED, none),
                device(false, Bf16Access.BUILT_IN, none),
                device(false, Bf16Access.BUILT_IN, VendorLibrary.CUBLAS))) {
            all(device).forEach(choice -> probed.add(choice.family()));
        }
        assertEquals(EnumSet.complementOf(EnumSet.of(KernelFamily.CUSTOM)), probed);
    }

    /** A processor, or a GPU with tensor cores; with a library also atomic adds. */
    private static Capabilities device(boolean processor, Bf16Access bf16, VendorLibrary library) {
        return new Capabilities(
                "any",
                "any",
                processor,
                1L << 32,
                1L << 30,
                48 << 10,
                1024,
                bf16,
                library.used() ? FloatAtomics.USED : FloatAtomics.UNUSED,
                !processor,
                library,
                CudaGraphs.OFF);
    }

    @Test
    @DisplayName("a device that gets one number wrong is refused, by op, operands and error")
    void refusesWrongNumbers() {
        try (Backend backend = new TestBackend().open(BackendOptions.DEFAULT)) {
            EngineException.DeviceFailed refused = assertThrows(
                    EngineException.DeviceFailed.class,
                    () -> SelfCheck.run(
                            new Wrong(backend),
                            TestBackend.capabilities(backend),
                            Set.of(new KernelChoice(
                                    KernelFamily.choose(new MatMul(false, false), TestBackend.capabilities(backend)),
                                    KernelChoice.Operands.WIDE))));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.startsWith("self-check of MatMul"), message);
            assertTrue(message.contains("F32 (67, 35)"), message);
            assertTrue(message.contains("remedy"), message);
        }
    }

    /** A backend whose results are a little off in one element. */
    private record Wrong(Backend good) implements Backend {
        @Override
        public String name() {
            return good.name();
        }

        @Override
        public DeviceInfo device() {
            return good.device();
        }

        @Override
        public DeviceBuffer allocate(TensorType type) {
            return good.allocate(type);
        }

        @Override
        public long scratchBytes(Step step) {
            return good.scratchBytes(step);
        }

        @Override
        public long blockBytes() {
            return good.blockBytes();
        }

        @Override
        public List<Executable> compile(MemoryPlan plan, Function<Variable, DeviceBuffer> variables) {
            Executable executable = good.compile(plan, variables).getFirst();
            DeviceBuffer result = plan.variables().stream()
                    .filter(variable -> variable.role() == Variable.Role.OUTPUT)
                    .map(variables)
                    .findFirst()
                    .orElseThrow();
            return List.of(new Executable() {
                @Override
                public void run() {
                    executable.run();
                    float[] one = new float[1];
                    result.read(400, MemorySegment.ofArray(one));
                    one[0] += 0.01f;
                    result.write(400, MemorySegment.ofArray(one));
                }

                @Override
                public void run(Observer observer) {
                    throw new UnsupportedOperationException();
                }
            });
        }

        @Override
        public void run(Op op, List<DeviceBuffer> inputs, List<DeviceBuffer> outputs) {
            good.run(op, inputs, outputs);
        }

        @Override
        public void close() {
            good.close();
        }
    }
}
