package uk.ac.manchester.tornado.cublas.enums;

/** What is done to a factor. */
public enum CuBlasOperation {
    /** Nothing. */
    CUBLAS_OP_N(0),
    /** It is transposed. */
    CUBLAS_OP_T(1),
    /** It is transposed and conjugated. */
    CUBLAS_OP_C(2);

    private final int operation;

    CuBlasOperation(int operation) {
        this.operation = operation;
    }

    /** {@return cuBLAS's number} */
    public int operation() {
        return operation;
    }
}
