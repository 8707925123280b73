package org.nanochat4j.tornado.simulator;

import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** The vendor libraries of the simulated device, computed plainly. */
final class Libraries {
    private Libraries() {}

    static void run(String task, LibraryTaskDescriptor call, Object[] arguments) {
        if (!Simulator.device().libraries()) {
            throw new TornadoRuntimeException("task " + task + " calls " + call.getLibraryName() + ", which "
                    + Simulator.device().driver() + " has not");
        }
        Launch.runAlone("task " + task, arguments, () -> run(call, arguments));
    }

    private static void run(LibraryTaskDescriptor call, Object[] arguments) {
        switch (call.getLibraryName() + " " + call.getFunctionName()) {
            case "nvidia/cublas cublasSgemm",
                    "nvidia/cublas cublasGemmExFP16",
                    "nvidia/cublas cublasGemmExFP16FP32",
                    "nvidia/cublas cublasGemmExBF16" -> Gemm.of(arguments).run(1);
            case "nvidia/cublas cublasSgemmStridedBatched" ->
                Gemm.strided(arguments).run((Integer) arguments[16]);
            default ->
                throw new TornadoRuntimeException(call.getLibraryName() + " " + call.getFunctionName()
                        + ", which the simulated device does not know");
        }
    }
}
