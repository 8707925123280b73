package org.nanochat4j.engine.cpu;

import java.util.Optional;
import org.nanochat4j.engine.op.Accumulate;
import org.nanochat4j.engine.op.Add;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.op.ReluSquared;
import org.nanochat4j.engine.op.ReluSquaredGrad;

/** A step that can be done together with the matrix product whose result it reads: see {@link Fusion}. */
enum Peephole {
    /** {@code h = a b; y = relu²(h)}: h is written too, the backward pass reads it. */
    RELU_SQUARED("ReluSquared"),
    /** {@code dy = a b; dh = 2 relu(h) dy}. */
    RELU_SQUARED_GRADIENT("ReluSquaredGrad"),
    /** {@code y = x + a b}: residuals, and gradients of a tensor that is used more than once. */
    SUM("Add"),
    /** {@code w += a b}: gradients of weights over micro-batches. */
    ACCUMULATION("Accumulate"),
    /** {@code w = a b}: the same with one micro-batch. */
    ASSIGNMENT("Assign");

    private final String op;

    Peephole(String op) {
        this.op = op;
    }

    /** The ops that become one, for people. */
    String ops() {
        return "MatMul, " + op;
    }

    /** The peephole that an op after a product is part of. */
    static Optional<Peephole> of(Op op) {
        return switch (op) {
            case ReluSquared() -> Optional.of(RELU_SQUARED);
            case ReluSquaredGrad() -> Optional.of(RELU_SQUARED_GRADIENT);
            case Add() -> Optional.of(SUM);
            case Accumulate() -> Optional.of(ACCUMULATION);
            case Assign() -> Optional.of(ASSIGNMENT);
            default -> Optional.empty();
        };
    }
}
