package org.nanochat4j.engine.cpu.kernels;

import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Memory.load;
import static org.nanochat4j.engine.cpu.kernels.Memory.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Kernels of one element each: a loop of whole vectors and a masked tail.
 *
 * <p>Every kernel has its own loop: a shared loop that takes the element function as an object would allocate a vector for each call as soon as two
 * functions have been seen.
 */
public final class Pointwise {
    private Pointwise() {}

    private static VectorMask<Float> tail(long from, long to) {
        return F.indexInRange(0, (int) (to - from));
    }

    private static long at(long base, long index) {
        return base + 4 * index;
    }

    /** y = a + b. */
    public static Kernel add(Parallel pool, long n, long a, long b, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                long i = from;
                for (; i + LANES <= to; i += LANES) {
                    store(load(at(a, i)).add(load(at(b, i))), at(y, i));
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    store(load(at(a, i), mask).add(load(at(b, i), mask)), at(y, i), mask);
                }
            }
        };
    }

    /** y = a ∘ b. */
    public static Kernel mul(Parallel pool, long n, long a, long b, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                long i = from;
                for (; i + LANES <= to; i += LANES) {
                    store(load(at(a, i)).mul(load(at(b, i))), at(y, i));
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    store(load(at(a, i), mask).mul(load(at(b, i), mask)), at(y, i), mask);
                }
            }
        };
    }

    /** y = alpha a + beta b. */
    public static Kernel axpby(Parallel pool, long n, float alpha, long a, float beta, long b, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                combine(from, to, alpha, a, beta, b, y);
            }
        };
    }

    /** y = s a + t b with s and t read when it runs. */
    public static Kernel mix(Parallel pool, long n, long s, long a, long t, long b, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                combine(from, to, getFloat(s), a, getFloat(t), b, y);
            }
        };
    }

    private static void combine(long from, long to, float alpha, long a, float beta, long b, long y) {
        long i = from;
        for (; i + LANES <= to; i += LANES) {
            store(load(at(a, i)).mul(alpha).add(load(at(b, i)).mul(beta)), at(y, i));
        }
        if (i < to) {
            VectorMask<Float> mask = tail(i, to);
            store(load(at(a, i), mask).mul(alpha).add(load(at(b, i), mask).mul(beta)), at(y, i), mask);
        }
    }

    /** y = alpha x. */
    public static Kernel scale(Parallel pool, long n, float alpha, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                times(from, to, alpha, x, y);
            }
        };
    }

    /** y = s x with s read when it runs. */
    public static Kernel scaleBy(Parallel pool, long n, long x, long s, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                times(from, to, getFloat(s), x, y);
            }
        };
    }

    private static void times(long from, long to, float alpha, long x, long y) {
        long i = from;
        for (; i + LANES <= to; i += LANES) {
            store(load(at(x, i)).mul(alpha), at(y, i));
        }
        if (i < to) {
            VectorMask<Float> mask = tail(i, to);
            store(load(at(x, i), mask).mul(alpha), at(y, i), mask);
        }
    }

    /** y = max(x, 0)². */
    public static Kernel reluSquared(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                long i = from;
                for (; i + LANES <= to; i += LANES) {
                    FloatVector positive = load(at(x, i)).max(0f);
                    store(positive.mul(positive), at(y, i));
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    FloatVector positive = load(at(x, i), mask).max(0f);
                    store(positive.mul(positive), at(y, i), mask);
                }
            }
        };
    }

    /** dx = 2 max(x, 0) dy. */
    public static Kernel reluSquaredGrad(Parallel pool, long n, long x, long dy, long dx) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                long i = from;
                for (; i + LANES <= to; i += LANES) {
                    store(load(at(x, i)).max(0f).mul(2f).mul(load(at(dy, i))), at(dx, i));
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    store(load(at(x, i), mask).max(0f).mul(2f).mul(load(at(dy, i), mask)), at(dx, i), mask);
                }
            }
        };
    }

    /** y = 1 / (1 + exp(-x)); x and y differ. */
    public static Kernel sigmoid(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                VectorMath.sigmoid(at(x, from), at(y, from), to - from);
            }
        };
    }

    /** dx = dy y (1 - y). */
    public static Kernel sigmoidGrad(Parallel pool, long n, long y, long dy, long dx) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                long i = from;
                for (; i + LANES <= to; i += LANES) {
                    FloatVector value = load(at(y, i));
                    store(load(at(dy, i)).mul(value).mul(value.neg().add(1f)), at(dx, i));
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    FloatVector value = load(at(y, i), mask);
                    store(load(at(dy, i), mask).mul(value).mul(value.neg().add(1f)), at(dx, i), mask);
                }
            }
        };
    }

    /** y = value. */
    public static Kernel fill(Parallel pool, long n, float value, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                FloatVector vector = FloatVector.broadcast(F, value);
                long i = from;
                for (; i + LANES <= to; i += LANES) {
                    store(vector, at(y, i));
                }
                if (i < to) {
                    store(vector, at(y, i), tail(i, to));
                }
            }
        };
    }

    /** Copies elements of 4 bytes. */
    public static Kernel copy(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                Memory.copy(at(x, from), at(y, from), 4 * (to - from));
            }
        };
    }

    /** F32 to BF16, to nearest even; NaN stays NaN. */
    public static Kernel toBf16(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                for (long i = from; i < to; i++) {
                    Memory.putShort(y + 2 * i, roundToBf16(Memory.getInt(at(x, i))));
                }
            }
        };
    }

    /** BF16 to F32, exact. */
    public static Kernel fromBf16(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                for (long i = from; i < to; i++) {
                    Memory.putInt(at(y, i), Memory.getShort(x + 2 * i) << 16);
                }
            }
        };
    }

    private static short roundToBf16(int bits) {
        boolean nan = (bits & 0x7fffffff) > 0x7f800000;
        int rounded = bits + 0x7fff + ((bits >>> 16) & 1);
        return (short) ((nan ? bits | 0x400000 : rounded) >>> 16);
    }
}
