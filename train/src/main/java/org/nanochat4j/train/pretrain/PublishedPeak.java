package org.nanochat4j.train.pretrain;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What makers publish as the rate of dense BF16 matrix products with sums in F32, without the doubled figures of structured sparsity.
 *
 * <p>Sources: for data centers the makers' datasheets (NVIDIA A100, A30, A40, L4, L40, L40S, H100, H200, HGX B200, GB200; AMD Instinct
 * MI300A, MI300X, MI325X, MI355X), for GeForce the appendices of NVIDIA's whitepapers on the GA102, Ada and RTX Blackwell architectures. They agree
 * with the table of the reference program, but for decimals.
 *
 * @param words of a device's name that all occur in it
 * @param teraflops 10¹² operations per second
 */
record PublishedPeak(Set<String> words, double teraflops) {

    /** A name with one of these is of a smaller or larger device, or of a part of one. */
    private static final Set<String> OTHERS =
            Set.of("laptop", "mobile", "mig", "ti", "super", "d", "dd", "max", "vgpu", "slice");

    /** Names that say more come first. */
    private static final List<PublishedPeak> TABLE = List.of(
            of("gb200", 2500),
            of("b200", 2250),
            of("h200 nvl", 835.5),
            of("h200", 989.4),
            of("gh200", 989.4),
            of("h100 nvl", 835.5),
            of("h100 pcie", 756),
            of("h100", 989.4),
            of("a100", 312),
            of("a800", 312),
            of("a40", 149.7),
            of("a30", 165),
            of("l40s", 362.05),
            of("l40", 181.05),
            of("l4", 121),
            of("mi355x", 2500),
            of("mi325x", 1307.4),
            of("mi300x", 1307.4),
            of("mi300a", 980.6),
            of("rtx 5090", 209.5),
            of("rtx 4090", 165.2),
            of("rtx 3090", 71));

    private static PublishedPeak of(String words, double teraflops) {
        return new PublishedPeak(Set.of(words.split(" ")), teraflops);
    }

    /** The entry for a device by the name that its driver gives; empty if the table does not have exactly this one. */
    static Optional<PublishedPeak> find(String device) {
        Set<String> name = Arrays.stream(device.toLowerCase(Locale.ROOT).split("[^a-z0-9]+"))
                .collect(Collectors.toSet());
        if (name.stream().anyMatch(OTHERS::contains)) {
            return Optional.empty();
        }
        return TABLE.stream().filter(peak -> name.containsAll(peak.words)).findFirst();
    }
}
