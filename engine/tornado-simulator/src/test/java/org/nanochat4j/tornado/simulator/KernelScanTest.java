package org.nanochat4j.tornado.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.tornado.simulator.Finding.Rule;

/** Every fault of {@link BrokenKernels} is found in its bytecode, and the right kernels have none. */
class KernelScanTest {
    @ParameterizedTest
    @CsvSource({
        "unsignedShift, UNSIGNED_SHIFT",
        "unsignedLongShift, UNSIGNED_SHIFT",
        "calls, UNSIGNED_SHIFT",
        "variableArray, ALLOCATION",
        "object, ALLOCATION",
        "javaMath, CALL",
        "floatBits, CALL",
        "reduce, REDUCE",
        "catches, EXCEPTION",
        "concatenates, DYNAMIC_CALL",
        "readsVariable, STATIC_FIELD",
        "recursive, RECURSION",
        "passesLocalArray, LOCAL_ARRAY_PASSED",
        "addsLocally, LOCAL_ATOMIC",
        "computesWithBits, BITS_IN_EXPRESSION",
        "rotate, KERNEL_NAME",
        "storesHalf, HALF_STORE"
    })
    void findsTheFault(String kernel, Rule rule) {
        Set<Rule> rules = KernelScan.of(kernel(kernel), SimulatedDevice.OPENCL).stream()
                .map(Finding::rule)
                .collect(Collectors.toSet());
        assertEquals(true, rules.contains(rule), () -> kernel + ": " + rules);
    }

    @Test
    void namesMethodAndLine() {
        Finding finding = KernelScan.of(kernel("calls"), SimulatedDevice.OPENCL).getFirst();
        assertEquals("BrokenKernels.shiftHelper", finding.method());
        assertEquals(true, finding.line() > 0);
    }

    @Test
    void seesWhichParametersAreWritten() {
        assertEquals(Set.of(2), KernelScan.writtenParameters(kernel("reverseWithoutBarrier")));
        assertEquals(Set.of(1), KernelScan.writtenParameters(kernel("reduce")));
        assertEquals(Set.of(3), KernelScan.writtenParameters(kernel("writesInMethod")));
    }

    @Test
    void rightKernelsHaveNoFaults() {
        assertEquals(List.of(), KernelScan.of(List.of(TestKernels.class), SimulatedDevice.OPENCL));
    }

    @Test
    void halvesCanBeStoredByCuda() {
        assertEquals(List.of(), KernelScan.of(kernel("storesHalf"), SimulatedDevice.CUDA));
    }

    private static Method kernel(String name) {
        return Arrays.stream(BrokenKernels.class.getDeclaredMethods())
                .filter(method -> method.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
