package org.nanochat4j.engine.cpu.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.nanochat4j.engine.cpu.kernels.Memory.F;
import static org.nanochat4j.engine.cpu.kernels.Memory.LANES;
import static org.nanochat4j.engine.cpu.kernels.Memory.getFloat;
import static org.nanochat4j.engine.cpu.kernels.Panels.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.nanochat4j.engine.op.AdamWStep;

/** One AdamW step over a flat parameter: a single pass over parameter, gradient and both moments. */
public final class AdamWKernel extends RangeKernel {
    private final AdamWStep step;
    private final long p;
    private final long g;
    private final long m;
    private final long v;
    private final long hyper;

    /**
     * Binds the kernel.
     *
     * @param n elements
     * @param p parameter, written
     * @param g gradient
     * @param m first moment, written
     * @param v second moment, written
     * @param hyper learning rate and the two bias corrections, read when it runs
     */
    public AdamWKernel(Parallel pool, AdamWStep step, long n, long p, long g, long m, long v, long hyper) {
        super(pool, n);
        this.step = step;
        this.p = p;
        this.g = g;
        this.m = m;
        this.v = v;
        this.hyper = hyper;
    }

    @Override
    void range(long from, long to) {
        float rate = getFloat(hyper);
        float size = rate / getFloat(hyper + 4);
        float correction = getFloat(hyper + 8);
        float keep = 1f - rate * step.weightDecay();
        float take1 = 1f - step.beta1();
        float take2 = 1f - step.beta2();
        float eps = step.eps();
        for (long i = from; i < to; i += LANES) {
            VectorMask<Float> mask = F.indexInRange(0, (int) Math.min(LANES, to - i));
            long at = 4 * i;
            FloatVector gradient = fromMemorySegment(F, ALL, g + at, LITTLE_ENDIAN, mask);
            FloatVector first = fromMemorySegment(F, ALL, m + at, LITTLE_ENDIAN, mask);
            FloatVector second = fromMemorySegment(F, ALL, v + at, LITTLE_ENDIAN, mask);
            first = first.add(gradient.sub(first).mul(take1));
            second = second.add(gradient.mul(gradient).sub(second).mul(take2));
            FloatVector denominator =
                    second.div(correction).lanewise(VectorOperators.SQRT).add(eps);
            FloatVector value = fromMemorySegment(F, ALL, p + at, LITTLE_ENDIAN, mask)
                    .mul(keep)
                    .sub(first.div(denominator).mul(size));
            first.intoMemorySegment(ALL, m + at, LITTLE_ENDIAN, mask);
            second.intoMemorySegment(ALL, v + at, LITTLE_ENDIAN, mask);
            value.intoMemorySegment(ALL, p + at, LITTLE_ENDIAN, mask);
        }
    }
}
