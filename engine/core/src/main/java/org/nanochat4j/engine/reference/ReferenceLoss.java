package org.nanochat4j.engine.reference;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.reference.ReferenceInterpreter.Operation;

/** Twins of matrix products, of what is done with logits, and of the loss. */
final class ReferenceLoss {
    private ReferenceLoss() {}

    static void matmul(Operation o, boolean transposeA, boolean transposeB) {
        ReferenceBuffer a = o.in(0);
        ReferenceBuffer b = o.in(1);
        int m = o.out(0).dim(-2);
        int n = o.out(0).dim(-1);
        int k = a.dim(transposeA ? -2 : -1);
        int stack = o.y().length / (m * n);
        for (int s = 0; s < stack; s++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int l = 0; l < k; l++) {
                        sum += a.values[s * m * k + (transposeA ? l * m + i : i * k + l)]
                                * b.values[s * k * n + (transposeB ? j * k + l : l * n + j)];
                    }
                    o.y()[(s * m + i) * n + j] = sum * scale(o, j);
                }
            }
        }
    }

    /** What a row of I8 weights is multiplied by. */
    private static double scale(Operation o, int row) {
        return o.in().size() > 2 ? o.x(2)[row] : 1;
    }

    private static double softcap(double z, double cap) {
        return Double.isInfinite(cap) ? z : cap * Math.tanh(z / cap);
    }

    static void logits(Operation o, double cap) {
        int width = o.in(0).last();
        int vocabulary = o.out(0).last();
        for (int row = 0; row < o.in(0).rows(); row++) {
            for (int v = 0; v < vocabulary; v++) {
                double z = ReferenceRows.dot(o.x(0), row * width, o.x(1), v * width, width);
                o.y()[row * vocabulary + v] = softcap(z * scale(o, v), cap);
            }
        }
    }

    /**
     * With z = cap tanh(u / cap), u = x Wᵀ and p = softmax(z): loss = log Σ exp(z) - z[target]; du = (p - onehot) (1 - (z / cap)²) / count; dx = du W; dW =
     * duᵀ x.
     */
    static void crossEntropy(Operation o, double cap, int vocabulary, boolean differentiated) {
        int rows = o.in(0).rows();
        int width = o.in(0).last();
        long count = IntStream.range(0, rows)
                .filter(row -> target(o.in(2), row, vocabulary) >= 0)
                .count();
        double total = 0;
        for (int row = 0; row < rows; row++) {
            int target = target(o.in(2), row, vocabulary);
            if (target < 0) {
                continue;
            }
            double[] z = new double[vocabulary];
            for (int v = 0; v < vocabulary; v++) {
                z[v] = softcap(ReferenceRows.dot(o.x(0), row * width, o.x(1), v * width, width), cap);
            }
            double logSumExp = logSumExp(z);
            double loss = logSumExp - z[target];
            total += loss;
            o.out(1).values[row] = loss;
            for (int v = 0; differentiated && v < vocabulary; v++) {
                double probability = Math.exp(z[v] - logSumExp);
                double du = (probability - (v == target ? 1 : 0)) * (1 - Math.pow(z[v] / cap, 2)) / count;
                for (int c = 0; c < width; c++) {
                    o.out(2).values[row * width + c] += du * o.x(1)[v * width + c];
                    o.out(3).values[v * width + c] += du * o.x(0)[row * width + c];
                }
            }
        }
        o.y()[0] = total / count; // NaN where no target counts
    }

    private static int target(ReferenceBuffer targets, int row, int vocabulary) {
        int target = targets.id(row);
        if (target < -1 || target >= vocabulary) {
            throw new EngineException.BadData("target " + target + " at row " + row + " is outside a vocabulary of "
                    + vocabulary + "\n  remedy: targets are ids, or -1 to ignore the row");
        }
        return target;
    }

    static double logSumExp(double[] z) {
        double max = IntStream.range(0, z.length).mapToDouble(i -> z[i]).max().orElseThrow();
        double sum = 0;
        for (double value : z) {
            sum += Math.exp(value - max);
        }
        return max + Math.log(sum);
    }

    static void argMax(Operation o) {
        int columns = o.in(0).last();
        for (int row = 0; row < o.in(0).rows(); row++) {
            int best = 0;
            for (int v = 1; v < columns; v++) {
                if (o.x(0)[row * columns + v] > o.x(0)[row * columns + best]) {
                    best = v;
                }
            }
            o.y()[row] = best;
        }
    }

    static void topKSample(Operation o, int k) {
        int columns = o.in(0).last();
        double temperature = o.x(1)[0];
        for (int row = 0; row < o.in(0).rows(); row++) {
            int start = row * columns;
            int[] order = IntStream.range(0, columns)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer v) -> -o.x(0)[start + v]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            boolean all = k == 0 || k >= columns;
            int[] candidates = all ? IntStream.range(0, columns).toArray() : Arrays.copyOf(order, k);
            double largest = o.x(0)[start + order[0]];
            o.y()[row] =
                    temperature == 0 ? order[0] : draw(o.x(0), start, candidates, largest, temperature, o.x(2)[row]);
        }
    }

    /** The first candidate at which the cumulative probability exceeds the uniform number. */
    private static int draw(
            double[] logits, int start, int[] candidates, double largest, double temperature, double uniform) {
        double[] weights = new double[candidates.length];
        double total = 0;
        for (int i = 0; i < candidates.length; i++) {
            weights[i] = Math.exp((logits[start + candidates[i]] - largest) / temperature);
            total += weights[i];
        }
        double cumulative = 0;
        for (int i = 0; i < candidates.length; i++) {
            cumulative += weights[i];
            if (cumulative > uniform * total) {
                return candidates[i];
            }
        }
        return candidates[candidates.length - 1];
    }
}
