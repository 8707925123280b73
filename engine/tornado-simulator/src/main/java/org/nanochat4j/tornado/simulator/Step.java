package org.nanochat4j.tornado.simulator;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** One thing that a task graph does. */
sealed interface Step {
    /** Copies to the device. */
    record ToDevice(int mode, List<TornadoNativeArray> arrays) implements Step {}

    /** Copies to the host. */
    record ToHost(int mode, List<TornadoNativeArray> arrays) implements Step {}

    /** Leaves arrays to other graphs. */
    record Persist(List<TornadoNativeArray> arrays) implements Step {}

    /** Takes arrays that another graph left; null for the graph executed before. */
    record Consume(@Nullable String graph, List<TornadoNativeArray> arrays) implements Step {}

    /** A task: something that computes. */
    sealed interface Task extends Step {
        /** {@return the name within the graph} */
        String id();

        /** {@return arguments in order} */
        Object[] arguments();

        /** {@return the numbers of the arguments that it writes} */
        Set<Integer> written();
    }

    /** Launches generated code. */
    @SuppressWarnings("ArrayRecordComponent")
    record Kernel(String id, KernelCode code, Object[] arguments, Set<Integer> written) implements Task {}

    /** Calls a library. */
    record Library(String id, LibraryTaskDescriptor call) implements Task {
        @Override
        public Object[] arguments() {
            return call.getParameters();
        }

        @Override
        public Set<Integer> written() {
            return IntStream.range(0, call.getAccess().length)
                    .filter(i -> call.getAccess()[i] == Access.WRITE_ONLY || call.getAccess()[i] == Access.READ_WRITE)
                    .boxed()
                    .collect(Collectors.toSet());
        }
    }
}
