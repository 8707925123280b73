package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.CausalAttention;
import org.nanochat4j.engine.op.EmbeddingGrad;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.program.Step;

/** Which kernels compute a step over BF16, and what is said where there are none. */
class KernelChoiceTest {
    private static final VendorLibrary NONE = VendorLibrary.none("of this test");

    private static Capabilities device(Bf16Access bf16) {
        return device(bf16, false, NONE);
    }

    private static Capabilities device(Bf16Access bf16, boolean tensorCores, VendorLibrary library) {
        return device(bf16, FloatAtomics.NONE, tensorCores, library);
    }

    private static Capabilities device(
            Bf16Access bf16, FloatAtomics atomics, boolean tensorCores, VendorLibrary library) {
        return new Capabilities(
                "any",
                "PTX",
                false,
                1L << 32,
                1L << 30,
                48 << 10,
                1024,
                bf16,
                atomics,
                tensorCores,
                library,
                CudaGraphs.OFF);
    }

    private static Step step(DType dtype, Consumer<Tensor> op) {
        Recorder recorder = new Recorder("p");
        TensorType type = new TensorType(dtype, Shape.of(8, 8));
        op.accept(recorder.use(new Variable("x", type, Variable.Role.INPUT)));
        return recorder.finish().steps().getFirst();
    }

    private static KernelChoice.Operands operands(Step step) {
        return KernelChoice.of(step, device(Bf16Access.COMPUTED)).operands();
    }

    @Test
    @DisplayName("what is read and written once is converted in registers, what is read often is widened before")
    void choice() {
        assertEquals(KernelChoice.Operands.WIDE, operands(step(DType.F32, x -> x.rmsNorm(1e-6f))));
        assertEquals(KernelChoice.Operands.NARROW, operands(step(DType.BF16, x -> x.rmsNorm(1e-6f))));
        assertEquals(KernelChoice.Operands.NARROW, operands(step(DType.BF16, x -> x.cast(DType.F32))));
        assertEquals(KernelChoice.Operands.WIDENED, operands(step(DType.BF16, Tensor::sum)));
    }

    @Test
    @DisplayName(
            "products of BF16 go to the library, else to tensor cores, else they are widened, and those of mixed types always")
    void products() {
        Step square = step(DType.BF16, x -> x.matmul(x));
        Capabilities plain = device(Bf16Access.BUILT_IN);
        Capabilities cores = device(Bf16Access.BUILT_IN, true, NONE);
        Capabilities library = device(Bf16Access.BUILT_IN, true, VendorLibrary.CUBLAS);
        assertEquals(
                new KernelChoice(KernelFamily.TILED_MATMUL_FP32, KernelChoice.Operands.WIDENED),
                KernelChoice.of(square, plain));
        assertEquals(
                new KernelChoice(KernelFamily.MMA_BF16, KernelChoice.Operands.NARROW), KernelChoice.of(square, cores));
        assertEquals(
                new KernelChoice(KernelFamily.CUBLAS_BF16, KernelChoice.Operands.NARROW),
                KernelChoice.of(square, library));
        Step wide = step(DType.F32, x -> x.matmul(x));
        assertEquals(
                new KernelChoice(KernelFamily.TILED_MATMUL_FP32, KernelChoice.Operands.WIDE),
                KernelChoice.of(wide, cores));
        Recorder recorder = new Recorder("mixed");
        Variable x = new Variable("x", TensorType.f32(8, 8), Variable.Role.INPUT);
        Variable weight = new Variable("w", new TensorType(DType.BF16, Shape.of(8, 8)), Variable.Role.INPUT);
        recorder.use(x).matmulTransposed(recorder.use(weight));
        assertEquals(
                new KernelChoice(KernelFamily.CUBLAS_FP32, KernelChoice.Operands.WIDENED),
                KernelChoice.of(recorder.finish().steps().getFirst(), library));
    }

    @Test
    @DisplayName("the loss over BF16 is its products': by the library, else by tensor cores, else widened")
    void loss() {
        Recorder recorder = new Recorder("loss");
        Variable x = new Variable("x", new TensorType(DType.BF16, Shape.of(9, 8)), Variable.Role.INPUT);
        Variable weight = new Variable("w", new TensorType(DType.BF16, Shape.of(70, 8)), Variable.Role.INPUT);
        Variable targets = new Variable("targets", TensorType.i32(9), Variable.Role.INPUT);
        recorder.apply(
                new SoftcapCrossEntropy(15, 65, true),
                List.of(recorder.use(x), recorder.use(weight), recorder.use(targets)));
        Step step = recorder.finish().steps().getFirst();
        Capabilities plain = device(Bf16Access.BUILT_IN);
        Capabilities cores = device(Bf16Access.BUILT_IN, true, NONE);
        Capabilities library = device(Bf16Access.BUILT_IN, true, VendorLibrary.CUBLAS);
        assertEquals(
                new KernelChoice(KernelFamily.CHUNKED_LOSS_FP32, KernelChoice.Operands.WIDENED),
                KernelChoice.of(step, plain));
        assertEquals(
                new KernelChoice(KernelFamily.MMA_LOSS_BF16, KernelChoice.Operands.NARROW),
                KernelChoice.of(step, cores));
        assertEquals(
                new KernelChoice(KernelFamily.CUBLAS_LOSS_BF16, KernelChoice.Operands.NARROW),
                KernelChoice.of(step, library));
        assertEquals(new ScratchNeeds(16 + 592, 9 * 65), ScratchNeeds.of(step, library), "count, logits and gradient");
        assertEquals(
                new ScratchNeeds(16 + 128 * 128 + 128 * 64 + 9 * 8, 9 * 65),
                ScratchNeeds.of(step, cores),
                "logits in whole tiles, and the gradient of x before it is rounded");
        assertEquals(0, ScratchNeeds.of(step, plain).halves());
    }

    @Test
    @DisplayName(
            "gradients of tables are added up by owners of rows unless atomic adds are asked for, which need no scratch memory")
    void embeddingGradient() {
        Recorder recorder = new Recorder("gradient");
        Variable dy = new Variable("dy", TensorType.f32(9, 8), Variable.Role.INPUT);
        Variable ids = new Variable("ids", TensorType.i32(9), Variable.Role.INPUT);
        recorder.apply(new EmbeddingGrad(20), List.of(recorder.use(dy), recorder.use(ids)));
        Step step = recorder.finish().steps().getFirst();
        for (FloatAtomics atomics : FloatAtomics.values()) {
            Capabilities device = device(Bf16Access.BUILT_IN, atomics, false, NONE);
            boolean used = atomics == FloatAtomics.USED;
            assertEquals(
                    new KernelChoice(
                            used ? KernelFamily.ATOMIC_ADDS_FP32 : KernelFamily.OWNER_COMPUTES_FP32,
                            KernelChoice.Operands.WIDE),
                    KernelChoice.of(step, device));
            assertEquals(new ScratchNeeds(used ? 0 : 9 + 20, 0), ScratchNeeds.of(step, device));
        }
    }

    @Test
    @DisplayName("attention reads BF16 itself where a GPU converts it, since it reads each number many times")
    void attention() {
        Recorder recorder = new Recorder("attention");
        Variable q = new Variable("q", new TensorType(DType.BF16, Shape.of(1, 8, 2, 4)), Variable.Role.INPUT);
        recorder.apply(new CausalAttention(8, 0.5f), List.of(recorder.use(q), recorder.use(q), recorder.use(q)));
        Step step = recorder.finish().steps().getFirst();
        assertEquals(
                new KernelChoice(KernelFamily.TILED_ATTENTION_BF16, KernelChoice.Operands.NARROW),
                KernelChoice.of(step, device(Bf16Access.BUILT_IN)));
        assertEquals(new ScratchNeeds(0, 0), ScratchNeeds.of(step, device(Bf16Access.BUILT_IN)));
        assertEquals(
                new KernelChoice(KernelFamily.TILED_ATTENTION_FP32, KernelChoice.Operands.WIDENED),
                KernelChoice.of(step, device(Bf16Access.COMPUTED)));
    }

    @Test
    @DisplayName("scratch memory holds a copy of every operand and result, of an operand that comes twice one")
    void copies() {
        Step square = step(DType.BF16, x -> x.matmul(x));
        assertEquals(2 * 64, Widened.of(square).floats());
        assertEquals(
                List.of(DType.F32, DType.F32, DType.F32),
                List.of(
                        Widened.of(square).wide().inputTypes().getFirst().dtype(),
                        Widened.of(square).wide().inputTypes().getLast().dtype(),
                        Widened.of(square).wide().outputTypes().getFirst().dtype()));
    }

    @Test
    @DisplayName("a driver that is not known to convert BF16 is refused, with what to do")
    void refused() {
        assertEquals(Bf16Access.NONE, Bf16Access.of("PTX"));
        Step step = step(DType.BF16, x -> x.rmsNorm(1e-6f));
        EngineException.BadProgram refused =
                assertThrows(EngineException.BadProgram.class, () -> KernelChoice.of(step, device(Bf16Access.NONE)));
        String message = String.valueOf(refused.getMessage());
        assertTrue(message.startsWith("RmsNorm over BF16: kernels of TornadoVM's PTX driver"), message);
        assertTrue(message.contains("--dtype f32"), message);
        assertEquals(
                KernelFamily.ROWS_FP32,
                KernelChoice.of(step(DType.F32, x -> x.rmsNorm(1e-6f)), device(Bf16Access.NONE))
                        .family());
    }
}
