package uk.ac.manchester.tornado.api.enums;

/** Tile shapes of tensor-core operations: rows, columns, depth. */
public enum MMAShape {
    /** 16 x 8 results, 16 deep: half precision. */
    M16N8K16("m16n8k16"),
    /** 16 x 8 results, 32 deep: bytes. */
    M16N8K32("m16n8k32");

    private final String ptxName;

    MMAShape(String ptxName) {
        this.ptxName = ptxName;
    }

    /** {@return the name in device code} */
    public String getPtxName() {
        return ptxName;
    }
}
