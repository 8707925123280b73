package org.nanochat4j.tornado.simulator;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** What the simulator may do with the API's types and their users may not; the types open their doors when loaded. */
public final class Doors {
    private static @Nullable Arrays arrays;
    private static @Nullable Function<WorkItem, KernelContext> contexts;

    private Doors() {}

    /** The memory inside native arrays. */
    public interface Arrays {
        /** {@return an array's memory} */
        Cells cells(TornadoNativeArray array);

        /** {@return an array of the same type on other memory} */
        TornadoNativeArray over(TornadoNativeArray like, Cells cells);
    }

    /** Called by the arrays' type when it is loaded. */
    public static void open(Arrays door) {
        arrays = door;
    }

    /** Called by the contexts' type when it is loaded. */
    public static void open(Function<WorkItem, KernelContext> door) {
        contexts = door;
    }

    static Arrays arrays() {
        if (arrays == null) {
            throw new IllegalStateException("no native array was made yet");
        }
        return arrays;
    }

    static Function<WorkItem, KernelContext> contexts() {
        if (contexts == null) {
            throw new IllegalStateException("no kernel context was made yet");
        }
        return contexts;
    }
}
