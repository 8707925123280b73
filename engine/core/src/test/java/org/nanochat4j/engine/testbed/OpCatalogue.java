package org.nanochat4j.engine.testbed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.nanochat4j.engine.op.Op;

/**
 * Samples of every op: the one list that the tests of gradients, kernels and replay go through.
 *
 * <p>An op without an entry here fails {@code OpCatalogueTest}.
 */
public final class OpCatalogue {
    /**
     * A way to apply an op.
     *
     * @param op which op is meant
     * @param variant tells several ways apart, may be empty
     * @param generator makes a sample of random shape
     */
    public record Entry(Class<? extends Op> op, String variant, Function<Draw, Sample> generator) {
        /**
         * Samples of random shapes from fixed seeds.
         *
         * @param count how many
         * @param small whether to keep extents below five
         * @return the samples
         */
        public List<Sample> samples(int count, boolean small) {
            return IntStream.range(0, count)
                    .mapToObj(i -> generator.apply(new Draw(name().hashCode() + 7919L * i, small)))
                    .toList();
        }

        /** {@return the name for test reports} */
        public String name() {
            return variant.isEmpty() ? op.getSimpleName() : op.getSimpleName() + " (" + variant + ")";
        }
    }

    private final List<Entry> entries = new ArrayList<>();

    private OpCatalogue() {}

    /** {@return all entries} */
    public static List<Entry> entries() {
        OpCatalogue catalogue = new OpCatalogue();
        ElementwiseSamples.addTo(catalogue);
        RowSamples.addTo(catalogue);
        ProductSamples.addTo(catalogue);
        AttentionSamples.addTo(catalogue);
        OptimSamples.addTo(catalogue);
        return List.copyOf(catalogue.entries);
    }

    /** {@return all entries by op} */
    public static Map<Class<? extends Op>, List<Entry>> byOp() {
        Map<Class<? extends Op>, List<Entry>> byOp = new LinkedHashMap<>();
        entries()
                .forEach(entry ->
                        byOp.computeIfAbsent(entry.op(), _ -> new ArrayList<>()).add(entry));
        return byOp;
    }

    void add(Class<? extends Op> op, Function<Draw, Sample> generator) {
        add(op, "", generator);
    }

    void add(Class<? extends Op> op, String variant, Function<Draw, Sample> generator) {
        entries.add(new Entry(op, variant, generator));
    }
}
