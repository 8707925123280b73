package uk.ac.manchester.tornado.cublas;

import uk.ac.manchester.tornado.cublas.enums.CuBlasMathMode;

/** Options of a cuBLAS call. */
public final class CuBlasOptions {
    private CuBlasMathMode mathMode = CuBlasMathMode.CUBLAS_DEFAULT_MATH;
    private long workspaceBytes;

    /** The library's defaults. */
    public CuBlasOptions() {}

    /** Sets the arithmetic. */
    public CuBlasOptions withMathMode(CuBlasMathMode mathMode) {
        this.mathMode = mathMode;
        return this;
    }

    /** Sets the size of the library's scratch memory. */
    public CuBlasOptions withWorkspace(long workspaceBytes) {
        this.workspaceBytes = workspaceBytes;
        return this;
    }

    /** {@return the arithmetic} */
    public CuBlasMathMode getMathMode() {
        return mathMode;
    }

    /** {@return bytes of scratch memory} */
    public long getWorkspaceBytes() {
        return workspaceBytes;
    }
}
