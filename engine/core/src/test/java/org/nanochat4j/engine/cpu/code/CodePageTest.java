package org.nanochat4j.engine.cpu.code;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Memory for machine code is executable and not writable once code is in it. */
class CodePageTest {
    @Test
    @DisplayName("a mapped function runs, and its page is read-only and executable")
    void writeXorExecute() throws Throwable {
        Optional<String> obstacle = new Processor(
                        System.getProperty("os.name"), System.getProperty("os.arch"), java.util.Set.of())
                .obstacle();
        assumeTrue(obstacle.isEmpty(), () -> "no machine code here: " + obstacle.orElseThrow());
        Assembler assembler = new Assembler();
        assembler.lea(Assembler.Register.RAX, Assembler.Address.at(Assembler.Register.RDI, Assembler.Register.RSI, 4));
        assembler.ret();
        MemorySegment code = CodePage.map(assembler.code());
        var function = Linker.nativeLinker()
                .downcallHandle(
                        code,
                        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        assertEquals(42L, (long) function.invokeExact(2L, 10L));
        assertTrue(permissions(code.address()).startsWith("r-x"), permissions(code.address()));
        assertEquals(0, code.address() % 4096);
    }

    /** As Linux lists them. */
    private static String permissions(long address) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> {
                    String[] range = line.substring(0, line.indexOf(' ')).split("-");
                    return Long.parseUnsignedLong(range[0], 16) <= address
                            && address < Long.parseUnsignedLong(range[1], 16);
                })
                .map(line -> line.substring(line.indexOf(' ') + 1))
                .findFirst()
                .orElseThrow();
    }
}
