package org.nanochat4j.engine.cpu.kernels;

/** Attention and its gradient in double precision, straight from the definition. */
record NaiveAttention(AttentionShape shape, double scale, double[] q, double[] k, double[] v) {
    record Forward(double[] out, double[] lse) {}

    record Gradient(double[] q, double[] k, double[] v) {}

    private int query(int b, int t, int h) {
        return (int) (shape.query(b, t, h) / 4);
    }

    private int key(int b, int t, int h) {
        return (int) (shape.key(b, t, h / shape.group()) / 4);
    }

    Forward forward() {
        double[] out = new double[q.length];
        double[] lse = new double[shape.batch() * shape.heads() * shape.time()];
        for (int b = 0; b < shape.batch(); b++) {
            for (int h = 0; h < shape.heads(); h++) {
                for (int t = 0; t < shape.time(); t++) {
                    double[] p = probabilities(b, h, t);
                    lse[(b * shape.heads() + h) * shape.time() + t] = p[shape.time()];
                    for (int s = 0; s <= t; s++) {
                        for (int d = 0; d < shape.headSize(); d++) {
                            out[query(b, t, h) + d] += p[s] * v[key(b, s, h) + d];
                        }
                    }
                }
            }
        }
        return new Forward(out, lse);
    }

    /** The probabilities of one query over all positions; the last element is the log-sum-exp of its scores. */
    private double[] probabilities(int b, int h, int t) {
        double[] p = new double[shape.time() + 1];
        double maximum = Double.NEGATIVE_INFINITY;
        for (int s = Math.max(0, t - shape.window()); s <= t; s++) {
            for (int d = 0; d < shape.headSize(); d++) {
                p[s] += scale * q[query(b, t, h) + d] * k[key(b, s, h) + d];
            }
            maximum = Math.max(maximum, p[s]);
        }
        double sum = 0;
        for (int s = Math.max(0, t - shape.window()); s <= t; s++) {
            p[s] = Math.exp(p[s] - maximum);
            sum += p[s];
        }
        for (int s = 0; s <= t; s++) {
            p[s] /= sum;
        }
        p[shape.time()] = maximum + Math.log(sum);
        return p;
    }

    Gradient gradient(double[] dOut) {
        double[] dq = new double[q.length];
        double[] dk = new double[k.length];
        double[] dv = new double[v.length];
        for (int b = 0; b < shape.batch(); b++) {
            for (int h = 0; h < shape.heads(); h++) {
                for (int t = 0; t < shape.time(); t++) {
                    double[] p = probabilities(b, h, t);
                    int x = query(b, t, h);
                    double[] dp = new double[t + 1];
                    double mean = 0;
                    for (int s = 0; s <= t; s++) {
                        for (int d = 0; d < shape.headSize(); d++) {
                            dp[s] += dOut[x + d] * v[key(b, s, h) + d];
                            dv[key(b, s, h) + d] += p[s] * dOut[x + d];
                        }
                        mean += p[s] * dp[s];
                    }
                    for (int s = 0; s <= t; s++) {
                        double ds = p[s] * (dp[s] - mean) * scale;
                        for (int d = 0; d < shape.headSize(); d++) {
                            dq[x + d] += ds * k[key(b, s, h) + d];
                            dk[key(b, s, h) + d] += ds * q[x + d];
                        }
                    }
                }
            }
        }
        return new Gradient(dq, dk, dv);
    }
}
