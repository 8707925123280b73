package uk.ac.manchester.tornado.cublas.enums;

/** Arithmetic of cuBLAS. */
public enum CuBlasMathMode {
    /** As precise as the types. */
    CUBLAS_DEFAULT_MATH(0),
    /** As prescribed. */
    CUBLAS_PEDANTIC_MATH(1),
    /** Factors rounded to TF32. */
    CUBLAS_TF32_TENSOR_OP_MATH(3);

    private final int value;

    CuBlasMathMode(int value) {
        this.value = value;
    }

    /** {@return cuBLAS's number} */
    public int value() {
        return value;
    }
}
