package org.nanochat4j.engine.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * {@link AttentionGradKernels} for devices whose items are threads of a processor: after {@link AttentionGradKernels#statistics} one item, alone in its group, takes 64
 * queries or 64 keys.
 *
 * <p>Launch: {@link PanelAttentionKernels#launch} of the query heads, or of the key-value heads.
 */
public final class PanelAttentionGradKernels {
    /** Lines of an item, and of a block in registers. */
    private static final int LINES = 64;

    private static final int HEIGHT = 4;

    /** Lines of the other side that are packed at a time; also the columns of a block. */
    private static final int KEYS = 16;

    private static final int MOST_SIZE = AttentionKernels.MOST_HEAD_SIZE;

    private PanelAttentionGradKernels() {}

    /** As {@link AttentionGradKernels#queries}. */
    public static void queries(
            KernelContext context,
            float scale,
            FloatArray q,
            int qAt,
            FloatArray k,
            int kAt,
            FloatArray v,
            int vAt,
            FloatArray dy,
            int dyAt,
            FloatArray statistics,
            int statisticsAt,
            FloatArray dq,
            int dqAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] kPanel = new float[MOST_SIZE * KEYS];
        float[] vPanel = new float[MOST_SIZE * KEYS];
        float[] outputs = new float[LINES * MOST_SIZE];
        float[] sums = new float[HEIGHT * KEYS];
        float[] scores = new float[HEIGHT * KEYS];
        float[] changes = new float[HEIGHT * KEYS];
        int head = context.globalIdy;
        int first = context.globalIdx * LINES;
        int group = head / (Heads.queries(heads) / Heads.keys(heads));
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int at = context.globalIdz * time * stride + head * size;
        int keyAt = context.globalIdz * time * keyStride + group * size;
        int statistic = statisticsAt + 2 * (context.globalIdz * Heads.queries(heads) + head) * time;
        int count = time - first < LINES ? time - first : LINES;
        for (int i = Rolled.from(context); i < LINES * MOST_SIZE; i++) {
            outputs[i] = 0f;
        }
        int begin = first > window ? (first - window) / KEYS * KEYS : 0;
        for (int key = begin; key < first + count; key += KEYS) {
            for (int j = Rolled.from(context); j < KEYS; j++) {
                int line = (key + j < time ? key + j : time - 1) * keyStride;
                for (int d = Rolled.from(context); d < size; d++) {
                    kPanel[d * KEYS + j] = k.get(kAt + keyAt + line + d);
                    vPanel[d * KEYS + j] = v.get(vAt + keyAt + line + d);
                }
            }

            for (int row = 0; row < count; row += HEIGHT) {
                int line0 = (first + row) * stride;
                int line1 = (first + row + 1 < time ? first + row + 1 : time - 1) * stride;
                int line2 = (first + row + 2 < time ? first + row + 2 : time - 1) * stride;
                int line3 = (first + row + 3 < time ? first + row + 3 : time - 1) * stride;

                for (int i = 0; i < HEIGHT * KEYS; i++) {
                    sums[i] = 0f;
                }
                for (int d = Rolled.from(context); d < size; d++) {
                    float left0 = q.get(qAt + at + line0 + d);
                    float left1 = q.get(qAt + at + line1 + d);
                    float left2 = q.get(qAt + at + line2 + d);
                    float left3 = q.get(qAt + at + line3 + d);
                    for (int j = 0; j < KEYS; j++) {
                        float right = kPanel[d * KEYS + j];
                        sums[j] += left0 * right;
                        sums[KEYS + j] += left1 * right;
                        sums[2 * KEYS + j] += left2 * right;
                        sums[3 * KEYS + j] += left3 * right;
                    }
                }
                for (int i = 0; i < HEIGHT * KEYS; i++) {
                    scores[i] = sums[i];
                }

                for (int i = 0; i < HEIGHT * KEYS; i++) {
                    sums[i] = 0f;
                }
                for (int d = Rolled.from(context); d < size; d++) {
                    float left0 = dy.get(dyAt + at + line0 + d);
                    float left1 = dy.get(dyAt + at + line1 + d);
                    float left2 = dy.get(dyAt + at + line2 + d);
                    float left3 = dy.get(dyAt + at + line3 + d);
                    for (int j = 0; j < KEYS; j++) {
                        float right = vPanel[d * KEYS + j];
                        sums[j] += left0 * right;
                        sums[KEYS + j] += left1 * right;
                        sums[2 * KEYS + j] += left2 * right;
                        sums[3 * KEYS + j] += left3 * right;
                    }
                }
                for (int i = 0; i < HEIGHT * KEYS; i++) {
                    changes[i] = sums[i];
                }

                for (int i = Rolled.from(context); i < HEIGHT; i++) {
                    int query = first + row + i;
                    for (int j = Rolled.from(context); j < KEYS; j++) {
                        int distance = query - key - j;
                        float ds = 0f;
                        if (distance >= 0 && distance <= window && query < time) {
                            float p = TornadoMath.exp(
                                    scale * scores[i * KEYS + j] - statistics.get(statistic + 2 * query));
                            ds = p * (changes[i * KEYS + j] - statistics.get(statistic + 2 * query + 1));
                        }
                        changes[i * KEYS + j] = ds;
                    }
                }
                for (int c = Rolled.from(context); c < size; c += KEYS) {
                    for (int i = 0; i < HEIGHT; i++) {
                        for (int j = 0; j < KEYS; j++) {
                            sums[i * KEYS + j] = outputs[(row + i) * MOST_SIZE + c + j];
                        }
                    }
                    for (int l = Rolled.from(context); l < KEYS; l++) {
                        int line = kAt + keyAt + (key + l < time ? key + l : time - 1) * keyStride + c;
                        float weight0 = changes[l];
                        float weight1 = changes[KEYS + l];
                        float weight2 = changes[2 * KEYS + l];
                        float weight3 = changes[3 * KEYS + l];
                        for (int j = 0; j < KEYS; j++) {
                            float right = size % KEYS == 0 || c + j < size ? k.get(line + j) : 0f;
                            sums[j] += weight0 * right;
                            sums[KEYS + j] += weight1 * right;
                            sums[2 * KEYS + j] += weight2 * right;
                            sums[3 * KEYS + j] += weight3 * right;
                        }
                    }
                    for (int i = 0; i < HEIGHT; i++) {
                        for (int j = 0; j < KEYS; j++) {
                            outputs[(row + i) * MOST_SIZE + c + j] = sums[i * KEYS + j];
                        }
                    }
                }
            }
        }
        for (int row = 0; row < count; row++) {
            for (int c = Rolled.from(context); c < size; c++) {
                dq.set(dqAt + at + (first + row) * stride + c, scale * outputs[row * MOST_SIZE + c]);
            }
        }
    }

    /** As {@link AttentionGradKernels#keys}. */
    public static void keys(
            KernelContext context,
            float scale,
            FloatArray q,
            int qAt,
            FloatArray k,
            int kAt,
            FloatArray v,
            int vAt,
            FloatArray dy,
            int dyAt,
            FloatArray statistics,
            int statisticsAt,
            FloatArray out,
            int dkAt,
            int dvAt,
            int time,
            int heads,
            int size,
            int window) {
        float[] qPanel = new float[MOST_SIZE * KEYS];
        float[] dyPanel = new float[MOST_SIZE * KEYS];
        float[] keyOutputs = new float[LINES * MOST_SIZE];
        float[] valueOutputs = new float[LINES * MOST_SIZE];
        float[] sums = new float[HEIGHT * KEYS];
        float[] scores = new float[HEIGHT * KEYS];
        float[] changes = new float[HEIGHT * KEYS];
        int group = context.globalIdy;
        int first = context.globalIdx * LINES;
        int members = Heads.queries(heads) / Heads.keys(heads);
        int stride = Heads.queries(heads) * size;
        int keyStride = Heads.keys(heads) * size;
        int keyAt = context.globalIdz * time * keyStride + group * size;
        int count = time - first < LINES ? time - first : LINES;
        for (int i = Rolled.from(context); i < LINES * MOST_SIZE; i++) {
            keyOutputs[i] = 0f;
            valueOutputs[i] = 0f;
        }
        int reach = window < time ? first + count + window : time;
        int end = reach < time ? reach : time;
        for (int head = group * members; head < (group + 1) * members; head++) {
            int at = context.globalIdz * time * stride + head * size;
            int statistic = statisticsAt + 2 * (context.globalIdz * Heads.queries(heads) + head) * time;
            for (int query = first; query < end; query += KEYS) {
                for (int j = Rolled.from(context); j < KEYS; j++) {
                    int line = (query + j < time ? query + j : time - 1) * stride;
                    for (int d = Rolled.from(context); d < size; d++) {
                        qPanel[d * KEYS + j] = q.get(qAt + at + line + d);
                        dyPanel[d * KEYS + j] = dy.get(dyAt + at + line + d);
                    }
                }

                for (int row = 0; row < count; row += HEIGHT) {
                    int line0 = (first + row) * keyStride;
                    int line1 = (first + row + 1 < time ? first + row + 1 : time - 1) * keyStride;
                    int line2 = (first + row + 2 < time ? first + row + 2 : time - 1) * keyStride;
                    int line3 = (first + row + 3 < time ? first + row + 3 : time - 1) * keyStride;

                    for (int i = 0; i < HEIGHT * KEYS; i++) {
                        sums[i] = 0f;
                    }
                    for (int d = Rolled.from(context); d < size; d++) {
                        float left0 = k.get(kAt + keyAt + line0 + d);
                        float left1 = k.get(kAt + keyAt + line1 + d);
                        float left2 = k.get(kAt + keyAt + line2 + d);
                        float left3 = k.get(kAt + keyAt + line3 + d);
                        for (int j = 0; j < KEYS; j++) {
                            float right = qPanel[d * KEYS + j];
                            sums[j] += left0 * right;
                            sums[KEYS + j] += left1 * right;
                            sums[2 * KEYS + j] += left2 * right;
                            sums[3 * KEYS + j] += left3 * right;
                        }
                    }
                    for (int i = 0; i < HEIGHT * KEYS; i++) {
                        scores[i] = sums[i];
                    }

                    for (int i = 0; i < HEIGHT * KEYS; i++) {
                        sums[i] = 0f;
                    }
                    for (int d = Rolled.from(context); d < size; d++) {
                        float left0 = v.get(vAt + keyAt + line0 + d);
                        float left1 = v.get(vAt + keyAt + line1 + d);
                        float left2 = v.get(vAt + keyAt + line2 + d);
                        float left3 = v.get(vAt + keyAt + line3 + d);
                        for (int j = 0; j < KEYS; j++) {
                            float right = dyPanel[d * KEYS + j];
                            sums[j] += left0 * right;
                            sums[KEYS + j] += left1 * right;
                            sums[2 * KEYS + j] += left2 * right;
                            sums[3 * KEYS + j] += left3 * right;
                        }
                    }
                    for (int i = 0; i < HEIGHT * KEYS; i++) {
                        changes[i] = sums[i];
                    }

                    for (int j = Rolled.from(context); j < KEYS; j++) {
                        int line = query + j;
                        for (int i = Rolled.from(context); i < HEIGHT; i++) {
                            int distance = line - first - row - i;
                            float p = 0f;
                            float ds = 0f;
                            if (distance >= 0 && distance <= window && line < time) {
                                p = TornadoMath.exp(
                                        scale * scores[i * KEYS + j] - statistics.get(statistic + 2 * line));
                                ds = p * (changes[i * KEYS + j] - statistics.get(statistic + 2 * line + 1));
                            }
                            scores[i * KEYS + j] = p;
                            changes[i * KEYS + j] = ds;
                        }
                    }
                    for (int c = Rolled.from(context); c < size; c += KEYS) {
                        for (int i = 0; i < HEIGHT; i++) {
                            for (int j = 0; j < KEYS; j++) {
                                sums[i * KEYS + j] = valueOutputs[(row + i) * MOST_SIZE + c + j];
                            }
                        }
                        for (int l = Rolled.from(context); l < KEYS; l++) {
                            int line = dyAt + at + (query + l < time ? query + l : time - 1) * stride + c;
                            float weight0 = scores[l];
                            float weight1 = scores[KEYS + l];
                            float weight2 = scores[2 * KEYS + l];
                            float weight3 = scores[3 * KEYS + l];
                            for (int j = 0; j < KEYS; j++) {
                                float right = size % KEYS == 0 || c + j < size ? dy.get(line + j) : 0f;
                                sums[j] += weight0 * right;
                                sums[KEYS + j] += weight1 * right;
                                sums[2 * KEYS + j] += weight2 * right;
                                sums[3 * KEYS + j] += weight3 * right;
                            }
                        }
                        for (int i = 0; i < HEIGHT; i++) {
                            for (int j = 0; j < KEYS; j++) {
                                valueOutputs[(row + i) * MOST_SIZE + c + j] = sums[i * KEYS + j];
                            }
                        }
                    }

                    for (int c = Rolled.from(context); c < size; c += KEYS) {
                        for (int i = 0; i < HEIGHT; i++) {
                            for (int j = 0; j < KEYS; j++) {
                                sums[i * KEYS + j] = keyOutputs[(row + i) * MOST_SIZE + c + j];
                            }
                        }
                        for (int l = Rolled.from(context); l < KEYS; l++) {
                            int line = qAt + at + (query + l < time ? query + l : time - 1) * stride + c;
                            float weight0 = changes[l];
                            float weight1 = changes[KEYS + l];
                            float weight2 = changes[2 * KEYS + l];
                            float weight3 = changes[3 * KEYS + l];
                            for (int j = 0; j < KEYS; j++) {
                                float right = size % KEYS == 0 || c + j < size ? q.get(line + j) : 0f;
                                sums[j] += weight0 * right;
                                sums[KEYS + j] += weight1 * right;
                                sums[2 * KEYS + j] += weight2 * right;
                                sums[3 * KEYS + j] += weight3 * right;
                            }
                        }
                        for (int i = 0; i < HEIGHT; i++) {
                            for (int j = 0; j < KEYS; j++) {
                                keyOutputs[(row + i) * MOST_SIZE + c + j] = sums[i * KEYS + j];
                            }
                        }
                    }
                }
            }
        }
        for (int row = 0; row < count; row++) {
            for (int c = Rolled.from(context); c < size; c++) {
                int to = keyAt + (first + row) * keyStride + c;
                if (dkAt >= 0) {
                    out.set(dkAt + to, scale * keyOutputs[row * MOST_SIZE + c]);
                }
                if (dvAt >= 0) {
                    out.set(dvAt + to, valueOutputs[row * MOST_SIZE + c]);
                }
            }
        }
    }
}
