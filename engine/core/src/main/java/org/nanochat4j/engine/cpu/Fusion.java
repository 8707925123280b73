package org.nanochat4j.engine.cpu;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nanochat4j.engine.cpu.BoundStep.Extent;
import org.nanochat4j.engine.cpu.kernels.Gemm;
import org.nanochat4j.engine.cpu.kernels.Kernel;
import org.nanochat4j.engine.cpu.kernels.RangeKernel;

/**
 * Lets matrix products run the step that reads their result, tile by tile while a tile is in a near cache ({@link Peephole} has the kinds).
 *
 * <p>The kernel of that step is the very same one, called for other parts in another order, so the bytes are the same. It runs earlier than the program says:
 * the memory plan promises nothing for that time, so addresses decide. What it reads must be there by then, and what it writes must not be in use, neither by the
 * product, whose tiles are at work at the same time, nor by a step in between.
 */
final class Fusion {
    private static final Kernel NOTHING = () -> {};

    private final List<BoundStep> steps;
    private final Kernel[] kernels;

    private Fusion(List<BoundStep> steps) {
        this.steps = steps;
        this.kernels = steps.stream().map(BoundStep::kernel).toArray(Kernel[]::new);
    }

    /**
     * Kernels for a program: one for each step, which does nothing where an earlier one has done its work.
     *
     * @param counts how often each kind was found, to be added to
     */
    static Kernel[] of(List<BoundStep> steps, Map<Peephole, Integer> counts) {
        Fusion fusion = new Fusion(steps);
        for (int i = 0; i < steps.size(); i++) {
            fusion.at(i).ifPresent(peephole -> counts.merge(peephole, 1, Integer::sum));
        }
        return fusion.kernels;
    }

    private Optional<Peephole> at(int product) {
        if (!(steps.get(product).kernel() instanceof Gemm gemm) || !gemm.takesEpilogue()) {
            return Optional.empty();
        }
        Extent c = steps.get(product).outputs().getFirst();
        int reader = product + 1;
        while (reader < steps.size() && !c.overlapsAny(steps.get(reader).inputs())) {
            reader++;
        }
        if (reader == steps.size() || !(steps.get(reader).kernel() instanceof RangeKernel epilogue)) {
            return Optional.empty();
        }
        Optional<Peephole> peephole = Peephole.of(steps.get(reader).step().op());
        if (peephole.isPresent() && mayRunEarly(product, reader)) {
            kernels[product] = gemm.then(epilogue);
            kernels[reader] = NOTHING;
            return peephole;
        }
        return Optional.empty();
    }

    private boolean mayRunEarly(int product, int reader) {
        Extent c = steps.get(product).outputs().getFirst();
        List<Extent> read = steps.get(reader).inputs();
        List<Extent> written = steps.get(reader).written();
        for (Extent target : written) {
            if (target.overlapsAny(steps.get(product).inputs())
                    || !target.sameOrApart(c)
                    || !read.stream().allMatch(target::sameOrApart)) {
                return false;
            }
        }
        return read.stream().allMatch(c::sameOrApart)
                && steps.subList(product + 1, reader).stream()
                        .noneMatch(between -> written.stream().anyMatch(target -> target.overlapsAny(between.inputs()))
                                || between.written().stream()
                                        .anyMatch(other -> other.overlapsAny(written) || other.overlapsAny(read)));
    }
}
