package org.nanochat4j.engine.tornado.cublas;

import java.lang.foreign.SymbolLookup;
import java.util.function.Supplier;
import org.nanochat4j.engine.EngineException;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/** Makes the calls of {@link Gemm} tasks. TornadoVM finds it as a service, and opens the library when the first plan with such a task is compiled. */
public final class CublasProvider implements TornadoLibraryProvider {
    static final String LIBRARY = "nanochat4j/cublas";

    private final Supplier<SymbolLookup> symbols;

    /** The provider of the library of this machine; for the service loader. */
    public CublasProvider() {
        this(
                () -> InstalledCublas.find(System.getenv())
                        .orElseThrow(
                                () -> new EngineException.NoBackend(
                                        "a program calls cuBLAS, and libcublas.so or libcuda.so.1 is not found"
                                                + "\n  remedy: add the folder of the CUDA toolkit's libraries to LD_LIBRARY_PATH, or go without: NANOCHAT_TORNADO_LIBRARIES=off")));
    }

    /** A provider of the functions that are found there. */
    CublasProvider(Supplier<SymbolLookup> symbols) {
        this.symbols = symbols;
    }

    @Override
    public String libraryName() {
        return LIBRARY;
    }

    /** Whether the device has a stream of CUDA's to work on. */
    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return device instanceof TornadoNativeStreamSupport;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        TornadoNativeStreamSupport streams = (TornadoNativeStreamSupport) device;
        return Cublas.open(
                new CublasFunctions(symbols.get()),
                streams.getNativeContext(executionPlanId),
                streams.getNativeStream(executionPlanId));
    }

    @Override
    public void dispatch(String functionName, LibraryInvocation invocation) {
        if (!(invocation.getTuning() instanceof Gemm gemm)) {
            throw new EngineException.BadProgram("a task calls " + LIBRARY + " " + functionName
                    + " without saying what to multiply\n  remedy: add such tasks by Gemm.addTo");
        }
        Cublas cublas = (Cublas) invocation.getContext();
        cublas.multiply(
                gemm, invocation.getDevicePointer(0), invocation.getDevicePointer(1), invocation.getDevicePointer(2));
    }

    @Override
    public void destroyContext(LibraryContext context) {
        ((Cublas) context).close();
    }
}
