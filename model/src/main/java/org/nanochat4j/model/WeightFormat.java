package org.nanochat4j.model;

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
    INT8
}
