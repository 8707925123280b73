package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.nanochat4j.engine.DType;

/**
 * Where the host puts elements that a kernel copies into a bank.
 *
 * <p>TornadoVM transfers whole arrays only, and banks are large; so variables go up through a stage of moderate size.
 *
 * @param data elements
 * @param control first element in the bank, and how many
 */
record Stage(Bank data, Bank control) {
    /** Elements of the largest stage: 4 MiB of F32. */
    private static final int MOST_ELEMENTS = 1 << 20;

    /** A stage for some banks of one element type. */
    static Stage of(DType dtype, List<Bank> banks) {
        int largest = banks.stream().mapToInt(Bank::elements).max().orElseThrow();
        return new Stage(
                Bank.of("stage", Bank.Use.STREAMED, dtype, Math.min(largest, MOST_ELEMENTS)),
                Bank.of("control", Bank.Use.STREAMED, DType.I32, 2));
    }

    int elements() {
        return data.elements();
    }

    /** Puts elements on the stage, from which element on. */
    void put(int at, MemorySegment elements) {
        data.host(at, Math.toIntExact(elements.byteSize() / data.dtype().bytes()))
                .copyFrom(elements);
    }

    /** Says where in the bank the elements go. */
    void direct(int bankAt, int count) {
        MemorySegment numbers = control.host(0, 2);
        numbers.setAtIndex(ValueLayout.JAVA_INT, 0, bankAt);
        numbers.setAtIndex(ValueLayout.JAVA_INT, 1, count);
    }
}
