package org.nanochat4j.engine.tornado.cublas;

import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Matrix products for cuBLAS to compute: c = alpha op(a) op(b) + beta c for each matrix of a stack, row-major, one behind another. Sums are in F32, also of BF16 factors.
 *
 * @param stack how many products, at least 1
 * @param m rows of c
 * @param n columns of c
 * @param k summed over
 * @param transposeA whether a is stored (k, m)
 * @param transposeB whether b is stored (n, k)
 * @param alpha factor of the products
 * @param beta factor of what is in c; with 0 it is not read
 * @param a (stack, m, k), or (stack, k, m) if transposed
 * @param b (stack, k, n), or (stack, n, k) if transposed; of the same type as a
 * @param c (stack, m, n)
 */
public record Gemm(
        int stack,
        int m,
        int n,
        int k,
        boolean transposeA,
        boolean transposeB,
        float alpha,
        float beta,
        Matrices a,
        Matrices b,
        Matrices c) {

    /** Types of elements. */
    public enum Type {
        /** Single precision. */
        F32(0, Float.BYTES),
        /** The upper half of single precision. */
        BF16(14, Short.BYTES);

        private final int code;
        private final int bytes;

        Type(int code, int bytes) {
            this.code = code;
            this.bytes = bytes;
        }

        /** CUDA's number of the type: cudaDataType. */
        int code() {
            return code;
        }
    }

    /**
     * Matrices within an array of the device.
     *
     * @param type of their elements
     * @param at the first element of the first one
     */
    public record Matrices(Type type, int at) {
        /** Where they are, if the array is at an address. */
        long address(long array) {
            return array + (long) at * type.bytes;
        }
    }

    /**
     * Adds the call to a task graph.
     *
     * @param graph the graph
     * @param name of the task
     * @param aArray array of a
     * @param bArray array of b; may be that of a
     * @param cArray array of c; may be that of a or b
     */
    public void addTo(
            TaskGraph graph,
            String name,
            TornadoNativeArray aArray,
            TornadoNativeArray bArray,
            TornadoNativeArray cArray) {
        graph.libraryTask(name, this::describe, aArray, bArray, cArray);
    }

    /**
     * Arrays are the arguments, everything else comes along as the tuning, which TornadoVM hands on as it is: numbers among the arguments would each take a node of
     * the graph. The array of c is read too, whatever beta is: around c there are other tensors, which TornadoVM must keep.
     */
    private LibraryTaskDescriptor describe(
            TornadoNativeArray aArray, TornadoNativeArray bArray, TornadoNativeArray cArray) {
        return new LibraryTaskDescriptor()
                .withLibrary(CublasProvider.LIBRARY)
                .withFunction("gemm")
                .withParameters(new Object[] {aArray, bArray, cArray})
                .withAccess(new Access[] {Access.READ_ONLY, Access.READ_ONLY, Access.READ_WRITE})
                .withTuning(this);
    }

    /** What to multiply, for messages. */
    String shown() {
        return (stack > 1 ? stack + " products of " : "") + "(" + m + ", " + k + ")" + (transposeA ? "ᵀ" : "")
                + " and (" + k + ", " + n + ")" + (transposeB ? "ᵀ" : "") + " in " + a.type + ", result in " + c.type;
    }
}
