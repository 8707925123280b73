package org.nanochat4j.engine.reference;

import org.nanochat4j.engine.reference.ReferenceInterpreter.Operation;

/** Twins of reductions and of the normalisation of rows. */
final class ReferenceRows {
    private ReferenceRows() {}

    static double dot(double[] a, int startA, double[] b, int startB, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += a[startA + i] * b[startB + i];
        }
        return sum;
    }

    static void sum(Operation o) {
        for (double value : o.x(0)) {
            o.y()[0] += value;
        }
    }

    static void sumRows(Operation o) {
        int columns = o.in(0).last();
        for (int i = 0; i < o.x(0).length; i++) {
            o.y()[i % columns] += o.x(0)[i];
        }
    }

    static void sumSquares(Operation o) {
        o.y()[0] = dot(o.x(0), 0, o.x(0), 0, o.x(0).length);
    }

    static void dot(Operation o) {
        o.y()[0] = dot(o.x(0), 0, o.x(1), 0, o.x(0).length);
    }

    static void rowDot(Operation o) {
        int columns = o.in(0).last();
        for (int row = 0; row < o.in(0).rows(); row++) {
            o.y()[row] = dot(o.x(0), row * columns, o.x(1), row * columns, columns);
        }
    }

    static void rmsNorm(Operation o, double eps) {
        int columns = o.in(0).last();
        for (int row = 0; row < o.in(0).rows(); row++) {
            double rms = rms(o.x(0), row * columns, columns, eps);
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                o.y()[i] = o.x(0)[i] / rms;
            }
        }
    }

    private static double rms(double[] x, int start, int columns, double eps) {
        return Math.sqrt(dot(x, start, x, start, columns) / columns + eps);
    }

    /** With r = rms(x): dx = (dy - x/r · mean(dy ∘ x/r)) / r. */
    static void rmsNormGrad(Operation o, double eps) {
        double[] x = o.x(0);
        double[] dy = o.x(1);
        int columns = o.in(0).last();
        for (int row = 0; row < o.in(0).rows(); row++) {
            int start = row * columns;
            double rms = rms(x, start, columns, eps);
            double mean = dot(dy, start, x, start, columns) / rms / columns;
            for (int i = start; i < start + columns; i++) {
                o.y()[i] = (dy[i] - x[i] / rms * mean) / rms;
            }
        }
    }
}
