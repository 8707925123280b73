package org.nanochat4j.model;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Everything in which the published generations of nanochat models differ, as a profile stored with every checkpoint.
 *
 * <p>Common to all: untied embeddings, weightless RMSNorm, rotary positions, normalised queries and keys, squared ReLU, softcap 15, no biases. A
 * checkpoint of one generation cannot run as another: missing tensors aside, rotary base and score scale are not in the configuration.
 */
public enum Architecture {
    /** The current one (2026): value embeddings, residual lambdas, smear, backout, sliding windows. */
    CURRENT("current", 100_000, false, 1.2f, true),
    /** The first release (October 2025): plain blocks, full attention, rotary tables rounded to BF16 in every precision. */
    ORIGINAL("original", 10_000, true, 1f, false),
    /** The first release as the transformers library runs its exports: rotary tables in F32. */
    ORIGINAL_F32_ROTARY("original-f32-rotary", 10_000, false, 1f, false);

    private final String key;
    private final double rotaryBase;
    private final boolean roundedRotary;
    private final float queryKeyScale;
    private final boolean current;

    Architecture(String key, double rotaryBase, boolean roundedRotary, float queryKeyScale, boolean current) {
        this.key = key;
        this.rotaryBase = rotaryBase;
        this.roundedRotary = roundedRotary;
        this.queryKeyScale = queryKeyScale;
        this.current = current;
    }

    /**
     * The architecture of a key.
     *
     * @param key as in {@code meta.json}
     * @return the architecture
     * @throws ModelException.BadConfig if there is none of this name
     */
    public static Architecture of(String key) {
        return Arrays.stream(values())
                .filter(architecture -> architecture.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new ModelException.BadConfig("no architecture named '" + key + "'; choose one of "
                        + Arrays.stream(values()).map(Architecture::key).collect(Collectors.joining(", "))));
    }

    /** {@return the name in {@code meta.json} and on the command line} */
    public String key() {
        return key;
    }

    /** {@return base of the rotary frequencies} */
    public double rotaryBase() {
        return rotaryBase;
    }

    /** {@return whether cosines and sines are rounded to BF16} */
    public boolean roundedRotary() {
        return roundedRotary;
    }

    /** {@return factor of the normalised queries, and of the normalised keys} */
    public float queryKeyScale() {
        return queryKeyScale;
    }

    /** {@return whether layers follow the window pattern; otherwise all see everything before them} */
    public boolean hasWindows() {
        return current;
    }

    /** {@return whether every second layer mixes a gated embedding of the token into its values} */
    public boolean hasValueEmbeddings() {
        return current;
    }

    /** {@return whether blocks start from a learned mix of the stream and the first embedding, and the middle of the stream is backed out} */
    public boolean hasLambdas() {
        return current;
    }

    /** {@return whether the embedding of the token before is smeared into each token's} */
    public boolean hasSmear() {
        return current;
    }

    /** {@return the number of which the rows of vocabulary tables are a multiple} */
    public int vocabularyMultiple() {
        return current ? 64 : 1;
    }

    @Override
    public String toString() {
        return key;
    }
}
