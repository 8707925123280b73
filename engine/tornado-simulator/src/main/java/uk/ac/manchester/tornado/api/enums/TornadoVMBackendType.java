package uk.ac.manchester.tornado.api.enums;

/** Kinds of driver. */
public enum TornadoVMBackendType {
    /** OPENCL. */
    OPENCL,
    /** METAL. */
    METAL,
    /** PTX. */
    PTX,
    /** CUDA. */
    CUDA,
    /** SPIRV. */
    SPIRV,
    /** JAVA. */
    JAVA,
    /** VIRTUAL. */
    VIRTUAL
}
