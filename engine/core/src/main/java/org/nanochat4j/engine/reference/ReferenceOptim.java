package org.nanochat4j.engine.reference;

import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.reference.ReferenceInterpreter.Operation;

/** Twins of the optimizer ops, in place. */
final class ReferenceOptim {
    private ReferenceOptim() {}

    static void adamW(Operation o, AdamWStep step) {
        double learningRate = o.x(4)[0];
        double correction1 = o.x(4)[1];
        double correction2 = o.x(4)[2];
        double[] p = o.x(0);
        double[] g = o.x(1);
        double[] m = o.x(2);
        double[] v = o.x(3);
        for (int i = 0; i < p.length; i++) {
            p[i] *= 1 - learningRate * step.weightDecay();
            m[i] += (1 - (double) step.beta1()) * (g[i] - m[i]);
            v[i] += (1 - (double) step.beta2()) * (g[i] * g[i] - v[i]);
            p[i] -= learningRate / correction1 * m[i] / (Math.sqrt(v[i] / correction2) + step.eps());
        }
    }

    static void muonMomentum(Operation o) {
        double momentum = o.x(1)[1];
        double[] buffer = o.x(0);
        int size = o.in(0).dim(1) * o.in(0).dim(2);
        for (int i = 0; i < buffer.length; i++) {
            double g = o.x(2 + i / size)[i % size];
            buffer[i] = momentum * buffer[i] + (1 - momentum) * g;
            o.y()[i] = (1 - momentum) * g + momentum * buffer[i];
        }
    }

    static void muonNormalize(Operation o) {
        int rows = o.in(0).dim(1);
        int columns = o.in(0).dim(2);
        int size = rows * columns;
        for (int s = 0; s < o.in(0).dim(0); s++) {
            double[] x = java.util.Arrays.copyOfRange(o.x(0), s * size, (s + 1) * size);
            double target = norm(x, 0, size) / Math.sqrt(rows);
            for (int row = 0; row < rows; row++) {
                scale(x, row * columns, columns, target / Math.max(norm(x, row * columns, columns), 1e-6));
            }
            scale(x, 0, size, 1 / (1.01 * norm(x, 0, size) + 1e-6));
            System.arraycopy(x, 0, o.y(), s * size, size);
        }
    }

    private static double norm(double[] x, int start, int length) {
        return Math.sqrt(ReferenceRows.dot(x, start, x, start, length));
    }

    private static void scale(double[] x, int start, int length, double factor) {
        for (int i = start; i < start + length; i++) {
            x[i] *= factor;
        }
    }

    static void muonUpdate(Operation o, double beta2) {
        int rows = o.in(2).dim(1);
        int columns = o.in(2).dim(2);
        int size = rows * columns;
        for (int s = 0; s < o.in(2).dim(0); s++) {
            double[] g = java.util.Arrays.copyOfRange(o.x(2), s * size, (s + 1) * size);
            scale(g, 0, size, Math.sqrt(Math.min(rows, columns)) / Math.max(norm(g, 0, size), 1e-6));
            reduceVariance(g, o.x(0), s, rows, columns, beta2);
            double learningRate = o.x(1)[0] * Math.sqrt(Math.max(1, (double) rows / columns));
            double weightDecay = o.x(1)[2];
            double[] p = o.x(3 + s);
            for (int i = 0; i < size; i++) {
                double decay = g[i] * p[i] >= 0 ? weightDecay * p[i] : 0;
                p[i] -= learningRate * (g[i] + decay);
            }
        }
    }

    /** Divides each row (tall) or column (wide) by the root of its running mean square, keeping the norm of the whole. */
    private static void reduceVariance(double[] g, double[] second, int s, int rows, int columns, double beta2) {
        boolean tall = rows >= columns;
        int kept = tall ? rows : columns;
        int reduced = tall ? columns : rows;
        double before = norm(g, 0, g.length);
        for (int line = 0; line < kept; line++) {
            double mean = 0;
            for (int i = 0; i < reduced; i++) {
                mean += Math.pow(g[tall ? line * columns + i : i * columns + line], 2) / reduced;
            }
            int at = s * kept + line;
            second[at] += (1 - beta2) * (mean - second[at]);
            double weight = 1 / Math.sqrt(Math.max(second[at], 1e-10));
            for (int i = 0; i < reduced; i++) {
                g[tall ? line * columns + i : i * columns + line] *= weight;
            }
        }
        scale(g, 0, g.length, before / Math.max(norm(g, 0, g.length), 1e-10));
    }
}
