package org.nanochat4j.engine.cpu.code;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where tiles may be used, and what is said where they may not. Results: TileKernelTest. */
class TileRoutineTest {
    private static final Processor WITH_TILES = new Processor("Linux", "amd64", Set.of("amx_bf16", "amx_tile", "avx2"));

    @Test
    @DisplayName("the system is asked for the state of the tiles, and only where the processor has tiles for BF16")
    void request() {
        AtomicInteger calls = new AtomicInteger();
        TilePermission.ArchPrctl granting = (request, argument) -> {
            assertEquals(0x1023, request);
            assertEquals(18, argument);
            calls.incrementAndGet();
            return 0;
        };
        assertEquals(Optional.empty(), TileRoutine.obstacle(WITH_TILES, granting));
        assertEquals(1, calls.get());
        for (Processor without : List.of(
                new Processor("Linux", "amd64", Set.of("amx_tile", "amx_int8")),
                new Processor("Linux", "amd64", Set.of("amx_bf16_x", "avx2")),
                new Processor("Linux", "aarch64", Set.of("amx_bf16", "amx_tile")),
                new Processor("Windows 11", "amd64", Set.of("amx_bf16", "amx_tile")))) {
            assertTrue(TileRoutine.obstacle(without, granting).isPresent(), without.toString());
        }
        assertEquals(1, calls.get());
        assertEquals(
                Optional.of("the processor has no amx_bf16"),
                TileRoutine.obstacle(new Processor("Linux", "amd64", Set.of("amx_tile", "amx_int8")), granting));
    }

    @ParameterizedTest
    @CsvSource({
        "1, not permitted to this process",
        "22, older than Linux 5.16",
        "28, a thread has too small a stack for signals",
        "95, not supported by processor or kernel"
    })
    @DisplayName("a refusal is an obstacle that names the error")
    void refusal(int error, String meaning) {
        assertEquals(
                Optional.of("the system refuses the tile registers (arch_prctl, errno " + error + ": " + meaning + ")"),
                TileRoutine.obstacle(WITH_TILES, (request, argument) -> error));
    }

    @Test
    @DisplayName("a C library without the call is an obstacle")
    void noCall() {
        assertEquals(Optional.of("no function syscall"), TileRoutine.obstacle(WITH_TILES, (request, argument) -> {
            throw new CodeRefused("no function syscall");
        }));
    }

    @Test
    @DisplayName("the real system refuses a state that does not exist")
    void reality() throws CodeRefused {
        Optional<String> obstacle =
                new Processor(System.getProperty("os.name"), System.getProperty("os.arch"), Set.of()).obstacle();
        assumeTrue(obstacle.isEmpty(), () -> "no such system call here: " + obstacle.orElseThrow());
        assertTrue(TilePermission.linux(0x1023, 63) > 0);
        assertEquals(
                TileRoutine.obstacle(Processor.current(), TilePermission::linux),
                TileRoutine.obstacle(),
                "asked twice");
    }

    @Test
    @DisplayName(
            "the routine begins with the configuration of the tiles, ends with their release, and carries palette 1 with eight whole tiles")
    void configuration() {
        configured(TileCode.write(false), "53", "5b");
        configured(TileCode.write(true), "53", "5b");
        configured(TileCode.writePeak(), "", "");
    }

    private static void configured(byte[] bytes, String push, String pop) {
        String code = HexFormat.of().formatHex(bytes);
        String configuration =
                "01" + "00".repeat(15) + "4000".repeat(8) + "00".repeat(16) + "10".repeat(8) + "00".repeat(8);
        String load = push + "c4e2784905";
        assertTrue(code.startsWith(load), code);
        assertTrue(code.endsWith("c4e27849c0" + pop + "c3" + configuration), code);
        int distance = Integer.reverseBytes(HexFormat.fromHexDigits(code, load.length(), load.length() + 8));
        assertEquals(bytes.length - 64, load.length() / 2 + 4 + distance);
    }

    @Test
    @DisplayName("the routine that measures the unit multiplies all tiles, which are zero, and touches no memory")
    void peak() {
        String code = HexFormat.of().formatHex(TileCode.writePeak());
        String zeros = "c4e27b49c0" + "c4e27b49c8" + "c4e27b49d0" + "c4e27b49d8" + "c4e27b49e0" + "c4e27b49e8"
                + "c4e27b49f0" + "c4e27b49f8";
        String products = "c4e24a5cc4" + "c4e2425ccc" + "c4e24a5cd5" + "c4e2425cdd";
        String loop = "4883ef01" + "0f85" + "e2ffffff";
        assertEquals(
                zeros + products + loop, code.substring(18, 18 + zeros.length() + products.length() + loop.length()));
    }
}
