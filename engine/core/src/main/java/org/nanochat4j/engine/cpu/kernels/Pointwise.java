package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

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
                    fromMemorySegment(F, ALL, at(a, i), LITTLE_ENDIAN)
                            .add(fromMemorySegment(F, ALL, at(b, i), LITTLE_ENDIAN))
                            .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN);
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    fromMemorySegment(F, ALL, at(a, i), LITTLE_ENDIAN, mask)
                            .add(fromMemorySegment(F, ALL, at(b, i), LITTLE_ENDIAN, mask))
                            .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN, mask);
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
                    fromMemorySegment(F, ALL, at(a, i), LITTLE_ENDIAN)
                            .mul(fromMemorySegment(F, ALL, at(b, i), LITTLE_ENDIAN))
                            .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN);
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    fromMemorySegment(F, ALL, at(a, i), LITTLE_ENDIAN, mask)
                            .mul(fromMemorySegment(F, ALL, at(b, i), LITTLE_ENDIAN, mask))
                            .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN, mask);
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
            fromMemorySegment(F, ALL, at(a, i), LITTLE_ENDIAN)
                    .mul(alpha)
                    .add(fromMemorySegment(F, ALL, at(b, i), LITTLE_ENDIAN).mul(beta))
                    .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN);
        }
        if (i < to) {
            VectorMask<Float> mask = tail(i, to);
            fromMemorySegment(F, ALL, at(a, i), LITTLE_ENDIAN, mask)
                    .mul(alpha)
                    .add(fromMemorySegment(F, ALL, at(b, i), LITTLE_ENDIAN, mask)
                            .mul(beta))
                    .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN, mask);
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
            fromMemorySegment(F, ALL, at(x, i), LITTLE_ENDIAN)
                    .mul(alpha)
                    .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN);
        }
        if (i < to) {
            VectorMask<Float> mask = tail(i, to);
            fromMemorySegment(F, ALL, at(x, i), LITTLE_ENDIAN, mask)
                    .mul(alpha)
                    .intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN, mask);
        }
    }

    /** y = max(x, 0)². */
    public static Kernel reluSquared(Parallel pool, long n, long x, long y) {
        return new RangeKernel(pool, n) {
            @Override
            void range(long from, long to) {
                long i = from;
                for (; i + LANES <= to; i += LANES) {
                    FloatVector positive =
                            fromMemorySegment(F, ALL, at(x, i), LITTLE_ENDIAN).max(0f);
                    positive.mul(positive).intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN);
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    FloatVector positive = fromMemorySegment(F, ALL, at(x, i), LITTLE_ENDIAN, mask)
                            .max(0f);
                    positive.mul(positive).intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN, mask);
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
                    fromMemorySegment(F, ALL, at(x, i), LITTLE_ENDIAN)
                            .max(0f)
                            .mul(2f)
                            .mul(fromMemorySegment(F, ALL, at(dy, i), LITTLE_ENDIAN))
                            .intoMemorySegment(ALL, at(dx, i), LITTLE_ENDIAN);
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    fromMemorySegment(F, ALL, at(x, i), LITTLE_ENDIAN, mask)
                            .max(0f)
                            .mul(2f)
                            .mul(fromMemorySegment(F, ALL, at(dy, i), LITTLE_ENDIAN, mask))
                            .intoMemorySegment(ALL, at(dx, i), LITTLE_ENDIAN, mask);
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
                    FloatVector value = fromMemorySegment(F, ALL, at(y, i), LITTLE_ENDIAN);
                    fromMemorySegment(F, ALL, at(dy, i), LITTLE_ENDIAN)
                            .mul(value)
                            .mul(value.neg().add(1f))
                            .intoMemorySegment(ALL, at(dx, i), LITTLE_ENDIAN);
                }
                if (i < to) {
                    VectorMask<Float> mask = tail(i, to);
                    FloatVector value = fromMemorySegment(F, ALL, at(y, i), LITTLE_ENDIAN, mask);
                    fromMemorySegment(F, ALL, at(dy, i), LITTLE_ENDIAN, mask)
                            .mul(value)
                            .mul(value.neg().add(1f))
                            .intoMemorySegment(ALL, at(dx, i), LITTLE_ENDIAN, mask);
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
                    vector.intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN);
                }
                if (i < to) {
                    vector.intoMemorySegment(ALL, at(y, i), LITTLE_ENDIAN, tail(i, to));
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
}
