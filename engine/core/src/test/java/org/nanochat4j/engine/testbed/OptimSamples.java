package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.op.MuonMomentum;
import org.nanochat4j.engine.op.MuonNormalize;
import org.nanochat4j.engine.op.MuonUpdate;
import org.nanochat4j.engine.op.Op;
import org.nanochat4j.engine.testbed.Sample.Input;

/** Samples of the optimizer ops. */
final class OptimSamples {
    private OptimSamples() {}

    static void addTo(OpCatalogue catalogue) {
        catalogue.add(AdamWStep.class, d -> {
            int[] dims = d.dims(1, 3);
            return raw(
                    new AdamWStep(0.8f, 0.95f, 1e-10f, 0.01f),
                    List.of(
                            d.f32(dims).inPlace(),
                            d.f32(dims),
                            d.f32(dims).inPlace(),
                            d.uniform(0.01, 2, dims).inPlace(),
                            d.values(0.02, 1 - Math.pow(0.8, 3), 1 - Math.pow(0.95, 3))));
        });
        catalogue.add(MuonMomentum.class, d -> {
            int count = d.between(1, 4);
            int rows = d.dim();
            int columns = d.dim();
            return raw(
                    new MuonMomentum(),
                    operands(
                            count,
                            () -> d.f32(rows, columns),
                            d.f32(count, rows, columns).inPlace(),
                            d.values(0.02, 0.95, 0.1)));
        });
        catalogue.add(
                MuonNormalize.class, d -> raw(new MuonNormalize(), List.of(d.f32(d.between(1, 4), d.dim(), d.dim()))));
        muonUpdate(catalogue, "tall", true, false);
        muonUpdate(catalogue, "wide", false, true);
        muonUpdate(catalogue, "square", false, false);
    }

    private static void muonUpdate(OpCatalogue catalogue, String variant, boolean tall, boolean wide) {
        catalogue.add(MuonUpdate.class, variant, d -> {
            int count = d.between(1, 4);
            int side = d.dim();
            int more = side + d.between(1, 40);
            int rows = tall ? more : side;
            int columns = wide ? more : side;
            Input second = rows >= columns ? d.uniform(0.1, 1, count, rows, 1) : d.uniform(0.1, 1, count, 1, columns);
            return raw(
                    new MuonUpdate(0.9f),
                    operands(
                            count,
                            () -> d.f32(rows, columns).inPlace(),
                            second.inPlace(),
                            d.values(0.02, 0.95, 0.28),
                            d.f32(count, rows, columns)));
        });
    }

    private static Sample raw(Op op, List<Input> inputs) {
        return new Sample(inputs, (i, x) -> i.apply(op, x), 5e-7, List.of());
    }

    private static List<Input> operands(int count, Supplier<Input> matrix, Input... first) {
        List<Input> inputs = new ArrayList<>(List.of(first));
        for (int i = 0; i < count; i++) {
            inputs.add(matrix.get());
        }
        return inputs;
    }
}
