package org.nanochat4j.tornado.simulator;

import java.util.LinkedHashMap;
import java.util.Map;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** The libraries that the tasks of one execution plan call: cuBLAS, computed plainly, and those of {@link Simulator#with}. */
final class Libraries {
    private static final String CUBLAS = "nvidia/cublas";

    private static long plans;

    private final long plan = ++plans;
    private final Map<TornadoLibraryProvider, LibraryContext> contexts = new LinkedHashMap<>();

    /** Finds the library of a task and opens it, as the real runtime does when it compiles. */
    void prepare(String task, LibraryTaskDescriptor call) {
        if (!Simulator.device().libraries()) {
            throw new TornadoRuntimeException("task " + task + " calls " + call.getLibraryName() + ", which "
                    + Simulator.device().driver() + " has not");
        }
        if (!call.getLibraryName().equals(CUBLAS)) {
            TornadoLibraryProvider provider = provider(call);
            provider.prepare(call, context(provider));
        }
    }

    void run(String task, LibraryTaskDescriptor call, Object[] arguments) {
        if (call.getLibraryName().equals(CUBLAS)) {
            Launch.runAlone("task " + task, arguments, () -> run(call, arguments));
        } else {
            TornadoLibraryProvider provider = provider(call);
            LibraryInvocation invocation = invocation(call, arguments, context(provider));
            Launch.runUnseen("task " + task, arguments, () -> provider.dispatch(call.getFunctionName(), invocation));
        }
    }

    private static TornadoLibraryProvider provider(LibraryTaskDescriptor call) {
        return Simulator.providers().stream()
                .filter(provider -> provider.libraryName().equals(call.getLibraryName()))
                .filter(provider -> provider.canHandle(Simulator.device()))
                .findFirst()
                .orElseThrow(() -> new TornadoRuntimeException(
                        "no provider of library " + call.getLibraryName() + "\n  remedy: give the simulator one"));
    }

    private LibraryContext context(TornadoLibraryProvider provider) {
        return contexts.computeIfAbsent(provider, p -> p.createContext(Simulator.device(), plan));
    }

    private LibraryInvocation invocation(LibraryTaskDescriptor call, Object[] arguments, LibraryContext context) {
        long[] addresses = new long[arguments.length];
        boolean[] arrays = new boolean[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i] instanceof TornadoNativeArray array) {
                addresses[i] = Doors.arrays().cells(array).data().address();
                arrays[i] = true;
            }
        }
        return new LibraryInvocation(
                call.getParameters(), addresses, arrays, Simulator.device(), plan, context, call.getTuning());
    }

    void close() {
        contexts.forEach(TornadoLibraryProvider::destroyContext);
        contexts.clear();
    }

    private static void run(LibraryTaskDescriptor call, Object[] arguments) {
        switch (call.getFunctionName()) {
            case "cublasSgemm", "cublasGemmExFP16", "cublasGemmExFP16FP32", "cublasGemmExBF16" ->
                Gemm.of(arguments).run(1);
            case "cublasSgemmStridedBatched" -> Gemm.strided(arguments).run((Integer) arguments[16]);
            default ->
                throw new TornadoRuntimeException(call.getLibraryName() + " " + call.getFunctionName()
                        + ", which the simulated device does not know");
        }
    }
}
