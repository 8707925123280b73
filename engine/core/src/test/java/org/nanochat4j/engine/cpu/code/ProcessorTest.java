package org.nanochat4j.engine.cpu.code;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Where machine code may run, and what is said where it may not. */
class ProcessorTest {
    private static final Set<String> FLAGS = Set.of("avx", "avx2", "fma");

    @Test
    @DisplayName("flags are those that all processors have, whole words")
    void flags() {
        List<String> lines = List.of(
                "processor\t: 0", "flags\t\t: fpu avx avx2 fma", "", "processor\t: 1", "flags\t\t: fpu avx avx2_x fma");
        assertEquals(Set.of("fpu", "avx", "fma"), Processor.flags(lines));
        assertEquals(Set.of(), Processor.flags(List.of("model name : of another system")));
    }

    @Test
    @DisplayName("another system, another instruction set, a missing extension: each a reason")
    void obstacles() {
        assertEquals(Optional.empty(), new Processor("Linux", "amd64", FLAGS).obstacle("avx2", "fma"));
        assertEquals(
                Optional.of("the processor has no amx_tile and no amx_bf16"),
                new Processor("Linux", "amd64", FLAGS).obstacle("avx2", "amx_tile", "amx_bf16"));
        assertEquals(
                Optional.of("it is written for Linux on x86-64, not Mac OS X on aarch64"),
                new Processor("Mac OS X", "aarch64", Set.of()).obstacle("avx2"));
        assertEquals(
                Optional.of("it is written for Linux on x86-64, not Windows 11 on amd64"),
                new Processor("Windows 11", "amd64", FLAGS).obstacle("avx2"));
    }
}
