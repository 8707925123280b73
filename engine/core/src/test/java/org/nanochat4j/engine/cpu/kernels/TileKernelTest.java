package org.nanochat4j.engine.cpu.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The processor's tiles give the bits of their twin in plain Java, which the other tests of tiles use, and touch nothing outside their operands. */
class TileKernelTest {
    @Test
    @DisplayName("random blocks, steps and numbers, tiny ones among them")
    void twin() {
        assumeTrue(
                TileGemm.obstacle().isEmpty(),
                () -> "no tiles here: " + TileGemm.obstacle().orElseThrow());
        Random random = new Random(21);
        for (int trial = 0; trial < 200; trial++) {
            int blocks = 1 + random.nextInt(6);
            int steps = 1 + random.nextInt(20);
            long ldc = 4L * (32 + random.nextInt(3) * random.nextInt(40));
            double scale = trial % 3 == 0 ? 0x1p-62 : 1;
            long bytesC = (32L * blocks - 1) * ldc + 128;
            try (GuardedMemory a = new GuardedMemory(2048L * blocks * steps);
                    GuardedMemory b = new GuardedMemory(2048L * steps);
                    GuardedMemory c = new GuardedMemory(bytesC)) {
                fill(random, scale, a.address(), 2048L * blocks * steps);
                fill(random, scale, b.address(), 2048L * steps);
                for (long at = 0; at < bytesC; at += 4) {
                    Memory.putFloat(c.address() + at, (float) (scale * scale * random.nextGaussian()));
                }
                byte[] before = c.bytes();
                boolean add = random.nextBoolean();
                new TileTwin().multiply(blocks, steps, a.address(), b.address(), c.address(), ldc, add);
                byte[] expected = c.bytes();
                c.set(before);
                TileKernel.CODE.multiply(blocks, steps, a.address(), b.address(), c.address(), ldc, add);
                assertArrayEquals(expected, c.bytes(), blocks + " blocks, " + steps + " steps");
            }
        }
    }

    private static void fill(Random random, double scale, long address, long bytes) {
        for (long at = 0; at < bytes; at += 2) {
            double tiny = random.nextInt(8) == 0 ? 0x1p-66 : 1;
            int bits = Float.floatToRawIntBits((float) (tiny * scale * random.nextGaussian()));
            Memory.putShort(address + at, (short) (bits >>> 16));
        }
    }
}
