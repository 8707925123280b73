package org.nanochat4j.engine.reference;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.nanochat4j.engine.reference.ReferenceInterpreter.Operation;

/** Twins of the ops whose every element depends on one element of each operand. */
final class ReferenceElementwise {
    private ReferenceElementwise() {}

    private static void each(double[] y, IntToDoubleFunction element) {
        for (int i = 0; i < y.length; i++) {
            y[i] = element.applyAsDouble(i);
        }
    }

    static void add(Operation o) {
        double[] b = o.x(1);
        each(o.y(), i -> o.x(0)[i] + b[i % b.length]); // a row vector repeats
    }

    static void mul(Operation o) {
        each(o.y(), i -> o.x(0)[i] * o.x(1)[i]);
    }

    static void axpby(Operation o, double alpha, double beta) {
        each(o.y(), i -> alpha * o.x(0)[i] + beta * o.x(1)[i]);
    }

    static void mix(Operation o) {
        double s = o.x(0)[0];
        double t = o.x(2)[0];
        each(o.y(), i -> s * o.x(1)[i] + t * o.x(3)[i]);
    }

    static void scale(Operation o, double alpha) {
        each(o.y(), i -> alpha * o.x(0)[i]);
    }

    static void scaleBy(Operation o) {
        double s = o.x(1)[0];
        each(o.y(), i -> s * o.x(0)[i]);
    }

    static void scaleRows(Operation o) {
        int columns = o.in(0).last();
        each(o.y(), i -> o.x(1)[i / columns] * o.x(0)[i]);
    }

    static void fill(Operation o, double value) {
        Arrays.fill(o.y(), value);
    }

    /** The interpreter rounds results to what their type can hold. */
    static void cast(Operation o) {
        each(o.y(), i -> o.x(0)[i]);
    }

    static void reluSquared(Operation o) {
        each(o.y(), i -> Math.pow(Math.max(o.x(0)[i], 0), 2));
    }

    static void reluSquaredGrad(Operation o) {
        each(o.y(), i -> 2 * Math.max(o.x(0)[i], 0) * o.x(1)[i]);
    }

    static void sigmoid(Operation o) {
        each(o.y(), i -> 1 / (1 + Math.exp(-o.x(0)[i])));
    }

    static void sigmoidGrad(Operation o) {
        each(o.y(), i -> o.x(1)[i] * o.x(0)[i] * (1 - o.x(0)[i]));
    }

    static void accumulate(Operation o) {
        each(o.x(0), i -> o.x(0)[i] + o.x(1)[i]);
    }

    static void assign(Operation o) {
        System.arraycopy(o.x(1), 0, o.x(0), 0, o.x(0).length);
    }

    static void zero(Operation o) {
        Arrays.fill(o.x(0), 0);
    }
}
