package org.nanochat4j.engine.cpu.kernels;

import org.nanochat4j.engine.DType;

/**
 * Rows of operands and results as F32: F32 is read and written where it lies, of BF16 there are widened copies in a near cache.
 *
 * @param stored F32 or BF16
 * @param columns of a row
 */
record NearRows(DType stored, int columns) {
    /** Bytes of the copies of so many rows. */
    long bytes(int rows) {
        return stored == DType.BF16 ? Memory.align(4L * rows * columns) : 0;
    }

    /** Bytes from one row to the next, when they are so many where they are stored. */
    long stride(long stored) {
        return this.stored == DType.BF16 ? 4L * columns : stored;
    }

    /** Where rows are: as stored, or their copies. */
    long at(long address, long copies) {
        return stored == DType.BF16 ? copies : address;
    }

    /**
     * Copies rows where they are not F32.
     *
     * @param address of the first as stored
     * @param stride bytes from one to the next as stored
     * @param copies memory of {@link #bytes}
     * @return the address of the first as F32, {@link #stride} bytes before the next
     */
    long read(long address, long stride, int rows, long copies) {
        if (stored == DType.BF16) {
            for (int i = 0; i < rows; i++) {
                Bf16Conversion.widen(columns, address + i * stride, copies + 4L * i * columns);
            }
        }
        return at(address, copies);
    }

    /** Rounds copies to where they are stored; F32 is there already. */
    void write(long copies, int rows, long address, long stride) {
        if (stored == DType.BF16) {
            for (int i = 0; i < rows; i++) {
                Bf16Conversion.round(columns, copies + 4L * i * columns, address + i * stride);
            }
        }
    }
}
