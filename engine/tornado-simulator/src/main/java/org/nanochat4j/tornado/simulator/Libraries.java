package org.nanochat4j.tornado.simulator;

import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** The vendor libraries of the simulated device, computed plainly. */
final class Libraries {
    private Libraries() {}

    static void run(LibraryTaskDescriptor call, Object[] arguments) {
        throw new TornadoRuntimeException("the simulated device has no " + call.getLibraryName() + " "
                + call.getFunctionName() + " of " + arguments.length + " arguments");
    }
}
