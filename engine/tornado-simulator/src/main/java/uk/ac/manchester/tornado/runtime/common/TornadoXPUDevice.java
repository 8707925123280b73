package uk.ac.manchester.tornado.runtime.common;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** A device as the runtime sees it. Of its methods none is here: providers of libraries hand it on. */
public interface TornadoXPUDevice extends TornadoDevice {}
