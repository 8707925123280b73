package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.EngineException;

class VendorLibraryTest {
    @Test
    @DisplayName("off: none, on any driver, and it says so")
    void off() {
        VendorLibrary library = VendorLibrary.of("CUDA", "off");
        assertFalse(library.used());
        assertTrue(library.description().contains("NANOCHAT_TORNADO_LIBRARIES=off"), library.description());
    }

    @Test
    @DisplayName("without a setting the driver decides: OpenCL calls none")
    void openCl() {
        VendorLibrary library = VendorLibrary.of("OPENCL", null);
        assertFalse(library.used());
        assertEquals(library, VendorLibrary.of("OPENCL", "on"));
        assertTrue(library.description().contains("OPENCL"), library.description());
    }

    @Test
    @DisplayName("anything else is refused")
    void unknown() {
        EngineException.NoBackend refused =
                assertThrows(EngineException.NoBackend.class, () -> VendorLibrary.of("CUDA", "never"));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("NANOCHAT_TORNADO_LIBRARIES=never"), refused::getMessage);
    }
}
