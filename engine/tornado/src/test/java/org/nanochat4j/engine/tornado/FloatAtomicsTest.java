package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.tornado.simulator.SimulatedDevice;
import org.nanochat4j.tornado.simulator.Simulator;

class FloatAtomicsTest {
    @Test
    @DisplayName("unused unless somebody asks for them, so that runs repeat")
    void offByDefault() {
        assertEquals(FloatAtomics.UNUSED, FloatAtomics.of("CUDA", null));
        assertEquals(FloatAtomics.UNUSED, FloatAtomics.of("CUDA", ""));
        assertEquals(FloatAtomics.UNUSED, FloatAtomics.of("CUDA", "off"));
        assertEquals(FloatAtomics.NONE, FloatAtomics.of("OPENCL", null));
        assertEquals(FloatAtomics.NONE, FloatAtomics.of("OPENCL", "off"));
    }

    @Test
    @DisplayName("asked for, they are used and the device says what that costs")
    void on() {
        assertEquals(FloatAtomics.USED, FloatAtomics.of("CUDA", "on"));
        assertTrue(FloatAtomics.USED.description().endsWith("runs do not repeat bit for bit"));
        assertTrue(FloatAtomics.UNUSED.description().contains("NANOCHAT_TORNADO_ATOMICS=on"));
    }

    @Test
    @DisplayName("asked for where there are none: refused with what to do, nothing else is taken quietly")
    void missing() {
        try (Simulator _ = Simulator.of(SimulatedDevice.OPENCL)) {
            EngineException.NoBackend refused = assertThrows(
                    EngineException.NoBackend.class,
                    () -> Engine.open(TestAtomicsBackend.NAME, BackendOptions.DEFAULT));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.startsWith("NANOCHAT_TORNADO_ATOMICS=on, but TornadoVM's driver OPENCL"), message);
            assertTrue(message.contains("remedy: NANOCHAT_TORNADO_ATOMICS=off"), message);
        }
    }

    @Test
    @DisplayName("anything but on and off is refused, on every device")
    void unknown() {
        for (String driver : new String[] {"CUDA", "OPENCL"}) {
            EngineException.NoBackend refused =
                    assertThrows(EngineException.NoBackend.class, () -> FloatAtomics.of(driver, "yes"));
            assertTrue(
                    String.valueOf(refused.getMessage()).startsWith("NANOCHAT_TORNADO_ATOMICS=yes is no choice"),
                    refused::getMessage);
        }
    }
}
