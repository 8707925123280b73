package org.nanochat4j.engine.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.EngineException;

class InitTest {
    private static Map<String, float[]> initialise(ParameterStore store, long seed) {
        Map<String, float[]> values = new HashMap<>();
        store.all()
                .forEach(p ->
                        values.put(p.name(), new float[Math.toIntExact(p.type().elements())]));
        store.initialise(
                seed,
                (variable, offset, source) -> MemorySegment.copy(
                        source, 0, MemorySegment.ofArray(of(values, variable.name())), offset, source.byteSize()));
        return values;
    }

    private static float[] of(Map<String, float[]> values, String name) {
        return Objects.requireNonNull(values.get(name));
    }

    private static PhiloxTest.Moments moments(float[] values) {
        PhiloxTest.Moments moments = new PhiloxTest.Moments();
        for (float value : values) {
            moments.add(value);
        }
        return moments;
    }

    @Test
    @DisplayName("distributions have the moments they are named for, also across the chunks they are written in")
    void distributions() {
        ParameterStore store = new ParameterStore();
        store.declare("normal", new Init.Normal(0.02f), 300, 500); // more than two chunks
        store.declare("uniform", new Init.Uniform(-0.3f, 0.1f), 300, 500);
        store.declare("constant", new Init.Constant(1.5f), 7);
        store.declare("ramp", new Init.Ramp(1.15, 1.05), 5);
        store.declare("single", new Init.Ramp(3, 4), 1);
        Map<String, float[]> values = initialise(store, 42);
        assertEquals(0, moments(of(values, "normal")).mean(), 2e-4);
        assertEquals(0.02, Math.sqrt(moments(of(values, "normal")).variance()), 1e-4);
        assertEquals(-0.1, moments(of(values, "uniform")).mean(), 1e-3);
        assertEquals(0.4 * 0.4 / 12, moments(of(values, "uniform")).variance(), 1e-4);
        for (float value : of(values, "uniform")) {
            assertTrue(value >= -0.3f && value < 0.1f, "" + value);
        }
        assertArrayEquals(new float[] {1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f, 1.5f}, of(values, "constant"));
        assertArrayEquals(new float[] {1.15f, 1.125f, 1.1f, 1.075f, 1.05f}, of(values, "ramp"), 2e-7f);
        assertArrayEquals(new float[] {3}, of(values, "single"));
    }

    @Test
    @DisplayName("one seed gives one model; another seed another; parameters differ from each other")
    void seeds() {
        ParameterStore store = new ParameterStore();
        store.declare("a", new Init.Normal(1), 1000);
        store.declare("b", new Init.Normal(1), 1000);
        Map<String, float[]> first = initialise(store, 1);
        assertArrayEquals(of(first, "a"), of(initialise(store, 1), "a"));
        assertTrue(differ(of(first, "a"), of(initialise(store, 2), "a")));
        assertTrue(differ(of(first, "a"), of(first, "b")));
    }

    private static boolean differ(float[] a, float[] b) {
        int equal = 0;
        for (int i = 0; i < a.length; i++) {
            equal += a[i] == b[i] ? 1 : 0;
        }
        return equal < a.length / 10;
    }

    @Test
    @DisplayName("names are unique, and an unknown one is an error")
    void names() {
        ParameterStore store = new ParameterStore();
        store.declare("a", new Init.Constant(0), 2, 3);
        assertEquals(6, store.count());
        assertEquals("a", store.get("a").name());
        assertThrows(EngineException.BadData.class, () -> store.declare("a", new Init.Constant(0), 1));
        assertThrows(EngineException.BadData.class, () -> store.get("b"));
    }
}
