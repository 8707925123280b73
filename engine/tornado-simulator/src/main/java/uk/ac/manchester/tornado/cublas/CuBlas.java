package uk.ac.manchester.tornado.cublas;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.cublas.enums.CuBlasMathMode;

/**
 * Calls of cuBLAS as library tasks. Matrices are column-major: C (m, n) = alpha op(A) (m, k) op(B) (k, n) + beta C; for
 * row-major ones pass (n, m, k, B, A).
 */
public final class CuBlas {
    /** The library's name. */
    public static final String LIBRARY_NAME = "nvidia/cublas";

    private CuBlas() {}

    /** A product in F32. */
    public static LibraryTaskDescriptor cublasSgemm(
            int transa,
            int transb,
            int m,
            int n,
            int k,
            float alpha,
            FloatArray matrixA,
            int lda,
            FloatArray matrixB,
            int ldb,
            float beta,
            FloatArray matrixC,
            int ldc) {
        return call(
                "cublasSgemm",
                11,
                beta,
                transa,
                transb,
                m,
                n,
                k,
                alpha,
                matrixA,
                lda,
                matrixB,
                ldb,
                beta,
                matrixC,
                ldc);
    }

    /** A product in F32 with factors rounded to TF32. */
    public static LibraryTaskDescriptor cublasSgemmTF32(
            int transa,
            int transb,
            int m,
            int n,
            int k,
            float alpha,
            FloatArray matrixA,
            int lda,
            FloatArray matrixB,
            int ldb,
            float beta,
            FloatArray matrixC,
            int ldc) {
        return cublasSgemm(transa, transb, m, n, k, alpha, matrixA, lda, matrixB, ldb, beta, matrixC, ldc)
                .withTuning(new CuBlasOptions().withMathMode(CuBlasMathMode.CUBLAS_TF32_TENSOR_OP_MATH));
    }

    /** Products in F32 of matrices at equal distances. */
    public static LibraryTaskDescriptor cublasSgemmStridedBatched(
            int transa,
            int transb,
            int m,
            int n,
            int k,
            float alpha,
            FloatArray matrixA,
            int lda,
            long strideA,
            FloatArray matrixB,
            int ldb,
            long strideB,
            float beta,
            FloatArray matrixC,
            int ldc,
            long strideC,
            int batchCount) {
        return call(
                "cublasSgemmStridedBatched",
                13,
                beta,
                transa,
                transb,
                m,
                n,
                k,
                alpha,
                matrixA,
                lda,
                strideA,
                matrixB,
                ldb,
                strideB,
                beta,
                matrixC,
                ldc,
                strideC,
                batchCount);
    }

    /** A product of F16 matrices, accumulated in F32, rounded to F16. */
    public static LibraryTaskDescriptor cublasGemmExFP16(
            int transa,
            int transb,
            int m,
            int n,
            int k,
            float alpha,
            HalfFloatArray matrixA,
            int lda,
            HalfFloatArray matrixB,
            int ldb,
            float beta,
            HalfFloatArray matrixC,
            int ldc) {
        return call(
                "cublasGemmExFP16",
                11,
                beta,
                transa,
                transb,
                m,
                n,
                k,
                alpha,
                matrixA,
                lda,
                matrixB,
                ldb,
                beta,
                matrixC,
                ldc);
    }

    /** A product of F16 matrices in F32. */
    public static LibraryTaskDescriptor cublasGemmExFP16FP32(
            int transa,
            int transb,
            int m,
            int n,
            int k,
            float alpha,
            HalfFloatArray matrixA,
            int lda,
            HalfFloatArray matrixB,
            int ldb,
            float beta,
            FloatArray matrixC,
            int ldc) {
        return call(
                "cublasGemmExFP16FP32",
                11,
                beta,
                transa,
                transb,
                m,
                n,
                k,
                alpha,
                matrixA,
                lda,
                matrixB,
                ldb,
                beta,
                matrixC,
                ldc);
    }

    /** A product of BF16 matrices, accumulated in F32, rounded to BF16. */
    public static LibraryTaskDescriptor cublasGemmExBF16(
            int transa,
            int transb,
            int m,
            int n,
            int k,
            float alpha,
            BFloat16Array matrixA,
            int lda,
            BFloat16Array matrixB,
            int ldb,
            float beta,
            BFloat16Array matrixC,
            int ldc) {
        return call(
                "cublasGemmExBF16",
                11,
                beta,
                transa,
                transb,
                m,
                n,
                k,
                alpha,
                matrixA,
                lda,
                matrixB,
                ldb,
                beta,
                matrixC,
                ldc);
    }

    private static LibraryTaskDescriptor call(String function, int result, float beta, Object... arguments) {
        Access[] access = new Access[arguments.length];
        Arrays.fill(access, Access.READ_ONLY);
        access[result] = beta == 0 ? Access.WRITE_ONLY : Access.READ_WRITE;
        return new LibraryTaskDescriptor()
                .withLibrary(LIBRARY_NAME)
                .withFunction(function)
                .withParameters(arguments)
                .withAccess(access);
    }
}
