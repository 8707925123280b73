package org.nanochat4j.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.cpu.kernels.TileTwin;
import org.nanochat4j.engine.op.Logits;
import org.nanochat4j.engine.op.MatMul;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.Operands;
import org.nanochat4j.engine.op.SoftcapCrossEntropy;
import org.nanochat4j.engine.spi.DeviceBuffer;

/** Ops over BF16 on a backend with a matrix unit, or the twin of its micro-kernel where there is none, beside the backend that widens to F32. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MatrixUnitTest {
    private final CpuBackend widening = new CpuBackend(2, false, false, null);
    private final CpuBackend tiles = new CpuBackend(2, false, false, TileTwin.orTiles());
    private final Random random = new Random(17);

    @AfterAll
    void close() {
        widening.close();
        tiles.close();
    }

    @Test
    @DisplayName("matrix products in all three cases, stacks too, and logits")
    void products() {
        check(new MatMul(false, false), 0x1p-7, bf16(70, 40), bf16(40, 50));
        check(new MatMul(false, true), 0x1p-7, bf16(70, 40), bf16(50, 40));
        check(new MatMul(true, false), 0x1p-7, bf16(40, 70), bf16(40, 50));
        check(new MatMul(false, true), 0x1p-7, bf16(3, 33, 40), bf16(3, 50, 40));
        check(new Logits(15f, 45), 0x1p-7, bf16(30, 40), bf16(48, 40));
    }

    @Test
    @DisplayName("the loss with its gradients, and alone; without a cap it is widened")
    void loss() {
        check(new SoftcapCrossEntropy(15f, 90, true), 0x1p-6, bf16(70, 40), bf16(96, 40), ids(70, 90));
        check(new SoftcapCrossEntropy(15f, 90, false), 0x1p-6, bf16(70, 40), bf16(96, 40), ids(70, 90));
        float none = Float.POSITIVE_INFINITY;
        check(new SoftcapCrossEntropy(none, 90, true), 0, bf16(70, 40), bf16(96, 40), ids(70, 90));
    }

    @Test
    @DisplayName("the path of a backend with a matrix unit says so: the bytes of results over BF16 depend on it")
    void path() {
        assertTrue(!widening.device().path().contains("BF16"), widening.device().path());
        assertTrue(
                tiles.device().path().endsWith("BF16 on the matrix unit"),
                tiles.device().path());
    }

    /** Results of both backends, apart by a share of the largest at most, and by the rounding of another order of sums at least once. */
    private void check(Op op, double tolerance, Operand... operands) {
        List<TensorType> types = List.of(operands).stream().map(Operand::type).toList();
        List<float[]> expected = run(widening, op, types, operands);
        List<float[]> actual = run(tiles, op, types, operands);
        for (int result = 0; result < expected.size(); result++) {
            double most = 0;
            for (float value : expected.get(result)) {
                most = Math.max(most, Math.abs(value));
            }
            for (int i = 0; i < expected.get(result).length; i++) {
                assertEquals(
                        expected.get(result)[i], actual.get(result)[i], tolerance * most, op + " " + result + " " + i);
            }
        }
    }

    private static List<float[]> run(CpuBackend backend, Op op, List<TensorType> types, Operand... operands) {
        List<DeviceBuffer> in = new ArrayList<>();
        for (Operand operand : operands) {
            DeviceBuffer buffer = backend.allocate(operand.type);
            buffer.write(0, MemorySegment.ofArray(operand.bytes));
            in.add(buffer);
        }
        List<DeviceBuffer> out = op.infer(new Operands(op, types)).stream()
                .map(backend::allocate)
                .toList();
        backend.run(op, in, out);
        return out.stream().map(MatrixUnitTest::floats).toList();
    }

    private static float[] floats(DeviceBuffer buffer) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(buffer.type().bytes(), 4);
            buffer.read(0, bytes);
            float[] floats = new float[Math.toIntExact(buffer.type().elements())];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = buffer.type().dtype() == DType.BF16
                        ? Float.intBitsToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16)
                        : bytes.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            }
            return floats;
        }
    }

    private record Operand(TensorType type, byte[] bytes) {}

    private Operand bf16(int... dimensions) {
        TensorType type = new TensorType(DType.BF16, Shape.of(dimensions));
        byte[] bytes = new byte[Math.toIntExact(type.bytes())];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        for (int i = 0; i < type.elements(); i++) {
            int bits = Float.floatToRawIntBits((float) random.nextGaussian());
            segment.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) (bits >>> 16));
        }
        return new Operand(type, bytes);
    }

    private Operand ids(int count, int below) {
        byte[] bytes = new byte[4 * count];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        for (int i = 0; i < count; i++) {
            segment.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, random.nextInt(-1, below));
        }
        return new Operand(new TensorType(DType.I32, Shape.of(count)), bytes);
    }
}
