package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.EngineException;

class CudaGraphsTest {
    @Test
    @DisplayName("only those who ask get them")
    void setting() {
        assertEquals(CudaGraphs.OFF, CudaGraphs.of("CUDA", null));
        assertEquals(CudaGraphs.OFF, CudaGraphs.of("CUDA", "off"));
        assertEquals(CudaGraphs.ON, CudaGraphs.of("CUDA", "on"));
        assertEquals(CudaGraphs.OFF, CudaGraphs.of("OPENCL", "off"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"OPENCL", "PTX", "SPIRV"})
    @DisplayName("asked for on a driver that has none: an error that says what to do")
    void anotherDriver(String driver) {
        String message = refused(driver, "on");
        assertTrue(message.contains("driver " + driver + " has no CUDA graphs"), message);
        assertTrue(message.contains("NANOCHAT_TORNADO_DRIVER=cuda"), message);
    }

    @Test
    @DisplayName("anything else is refused")
    void unknown() {
        assertTrue(refused("CUDA", "1").contains("NANOCHAT_TORNADO_GRAPHS=1 is no choice"));
    }

    private static String refused(String driver, String setting) {
        return String.valueOf(assertThrows(EngineException.NoBackend.class, () -> CudaGraphs.of(driver, setting))
                .getMessage());
    }
}
