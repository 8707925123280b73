package org.nanochat4j.engine.reference;

import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.reference.ReferenceInterpreter.Operation;

/** Twins of rotary embedding and attention: one query at a time, all its scores at once. */
final class ReferenceAttention {
    private ReferenceAttention() {}

    static void rope(Operation o, boolean inverse) {
        ReferenceBuffer x = o.in(0);
        int time = x.dim(1);
        int heads = x.dim(2);
        int half = x.dim(3) / 2;
        double sign = inverse ? -1 : 1;
        for (int vector = 0; vector < x.rows(); vector++) {
            int t = vector / heads % time;
            int row = vector / heads / time;
            int position = o.in(3).id(row) + t;
            if (position < 0 || position >= o.in(1).dim(0)) {
                throw new EngineException.BadData("position " + position + " is outside rotary tables of "
                        + o.in(1).dim(0) + " positions\n  remedy: build longer tables");
            }
            for (int j = 0; j < half; j++) {
                double cos = o.x(1)[position * half + j];
                double sin = sign * o.x(2)[position * half + j];
                int first = vector * 2 * half + j;
                int second = first + half;
                o.y()[first] = x.values[first] * cos + x.values[second] * sin;
                o.y()[second] = -x.values[first] * sin + x.values[second] * cos;
            }
        }
    }

    /** One query head of one position, and the keys it sees. */
    private record Query(ReferenceBuffer q, ReferenceBuffer k, int row, int t, int head, int position, int window) {
        int group() {
            return q.dim(2) / k.dim(2);
        }

        int size() {
            return q.dim(3);
        }

        int firstKey() {
            return Math.max(0, position - window);
        }

        int keys() {
            return position - firstKey() + 1;
        }

        /** Where the query starts in q (B, T, H, D). */
        int start() {
            return ((row * q.dim(1) + t) * q.dim(2) + head) * size();
        }

        /** Where a key or value starts in (B, P, Hkv, D). */
        int start(int key) {
            return ((row * k.dim(1) + key) * k.dim(2) + head / group()) * size();
        }

        /** Where the log-sum-exp stands in (B, H, T). */
        int statistic() {
            return (row * q.dim(2) + head) * q.dim(1) + t;
        }

        double[] scores(double scale) {
            double[] scores = new double[keys()];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = scale * ReferenceRows.dot(q.values, start(), k.values, start(firstKey() + i), size());
            }
            return scores;
        }
    }

    @FunctionalInterface
    private interface PerQuery {
        void accept(Query query);
    }

    private static void eachQuery(Operation o, int window, PerQuery action) {
        ReferenceBuffer q = o.in(0);
        for (int row = 0; row < q.dim(0); row++) {
            for (int t = 0; t < q.dim(1); t++) {
                for (int head = 0; head < q.dim(2); head++) {
                    action.accept(new Query(q, o.in(1), row, t, head, t, window));
                }
            }
        }
    }

    static void causal(Operation o, int window, double scale) {
        eachQuery(o, window, query -> o.out(1).values[query.statistic()] = attend(query, o.x(2), o.y(), scale));
    }

    static void cached(Operation o, int window, double scale) {
        eachQuery(o, window, at -> {
            int position = o.in(3).id(at.row());
            Query query = new Query(at.q(), at.k(), at.row(), at.t(), at.head(), position, window);
            attend(query, o.x(2), o.y(), scale);
        });
    }

    /** Writes the output of one query and returns the log-sum-exp of its scores. */
    private static double attend(Query query, double[] v, double[] y, double scale) {
        double[] scores = query.scores(scale);
        double logSumExp = ReferenceLoss.logSumExp(scores);
        for (int i = 0; i < scores.length; i++) {
            double probability = Math.exp(scores[i] - logSumExp);
            for (int c = 0; c < query.size(); c++) {
                y[query.start() + c] += probability * v[query.start(query.firstKey() + i) + c];
            }
        }
        return logSumExp;
    }

    /**
     * For one query: p = exp(s - lse); dv += p dy; ds = p (dy · v - dy · y); dq += scale ds k; dk += scale ds q. Operands q, k, v, y, log-sum-exp, dy.
     */
    static void causalGrad(Operation o, int window, double scale) {
        double[] q = o.x(0);
        double[] k = o.x(1);
        double[] v = o.x(2);
        double[] dy = o.x(5);
        eachQuery(o, window, query -> {
            int at = query.start();
            double[] scores = query.scores(scale);
            double mean = ReferenceRows.dot(dy, at, o.x(3), at, query.size());
            for (int i = 0; i < scores.length; i++) {
                int key = query.start(query.firstKey() + i);
                double probability = Math.exp(scores[i] - o.x(4)[query.statistic()]);
                double ds = probability * (ReferenceRows.dot(dy, at, v, key, query.size()) - mean);
                for (int c = 0; c < query.size(); c++) {
                    o.out(0).values[at + c] += scale * ds * k[key + c];
                    o.out(1).values[key + c] += scale * ds * q[at + c];
                    o.out(2).values[key + c] += probability * dy[at + c];
                }
            }
        });
    }
}
