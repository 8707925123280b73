package org.nanochat4j.engine.tornado;

/** How kernels of a device convert between F32 and BF16, which is kept as sixteen bits in short arrays. */
enum Bf16Access {
    /** By the conversions that TornadoVM compiles to instructions that take a float for its bits. */
    BUILT_IN("BF16, converted by the device"),
    /** By arithmetic: a float cannot be taken for its bits there. */
    COMPUTED("BF16, converted by arithmetic"),
    /** Not at all, as far as is known. */
    NONE("no BF16");

    private final String description;

    Bf16Access(String description) {
        this.description = description;
    }

    /** For reports. */
    String description() {
        return description;
    }

    /** What TornadoVM 5.2 offers by one of its drivers. */
    static Bf16Access of(String driver) {
        return switch (driver) {
            case "CUDA" -> BUILT_IN;
            case "OPENCL" -> COMPUTED;
            default -> NONE;
        };
    }
}
