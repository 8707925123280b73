package uk.ac.manchester.tornado.api.enums;

/** Kinds of device. */
public enum TornadoDeviceType {
    /** UNKNOWN. */
    UNKNOWN,
    /** DEFAULT. */
    DEFAULT,
    /** CPU. */
    CPU,
    /** GPU. */
    GPU,
    /** FPGA. */
    FPGA,
    /** ACCELERATOR. */
    ACCELERATOR,
    /** CUSTOM. */
    CUSTOM,
    /** ALL. */
    ALL
}
