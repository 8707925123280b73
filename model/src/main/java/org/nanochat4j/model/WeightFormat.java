package org.nanochat4j.model;

import org.nanochat4j.engine.DType;

/**
 * How generation stores the matrices that it multiplies single tokens by. A token reads each weight once and does little with it, so fewer bytes take less
 * time.
 */
public enum WeightFormat {
    /** The parameters themselves, exact. */
    F32,
    /** The upper halves of F32, rounded to nearest even: a weight is off by at most one part in 256. */
    BF16,
    /** Integers from -127 to 127 with a scale for each row, which is the row's largest magnitude over 127: a weight is off by at most half the scale. */
    INT8;

    /**
     * The format in which weights are what they are rounded to anyway.
     *
     * @param compute the type that a model computes in
     * @return BF16 or F32
     */
    public static WeightFormat of(DType compute) {
        return compute == DType.BF16 ? BF16 : F32;
    }
}
