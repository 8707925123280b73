package org.nanochat4j.engine.op;

import java.util.List;
import org.nanochat4j.engine.TensorType;

/**
 * What an op costs on paper: the work and the memory traffic that it cannot avoid.
 *
 * @param flops floating-point operations; a multiply-add counts two
 * @param bytes bytes read and written once each
 */
public record Cost(long flops, long bytes) {
    /** Nothing. */
    public static final Cost ZERO = new Cost(0, 0);

    /**
     * The cost of an op that touches each operand and result once.
     *
     * @param flops floating-point operations
     * @param inputs operand types
     * @param outputs result types
     * @return the cost
     */
    public static Cost of(long flops, List<TensorType> inputs, List<TensorType> outputs) {
        long bytes = 0;
        for (TensorType type : inputs) {
            bytes += type.bytes();
        }
        for (TensorType type : outputs) {
            bytes += type.bytes();
        }
        return new Cost(flops, bytes);
    }

    /**
     * The sum of two costs.
     *
     * @param other what to add
     * @return the sum
     */
    public Cost plus(Cost other) {
        return new Cost(flops + other.flops, bytes + other.bytes);
    }
}
