package org.nanochat4j.tokenizer;

/**
 * What stands beside a saved tokenizer in {@code tokenizer_meta.json}.
 *
 * @param formatVersion of this file, 1
 * @param fingerprint {@link Tokenizer#fingerprint} of the tokenizer it describes
 * @param vocabSize ids in all
 * @param pattern the split pattern
 * @param trainedOn where the text came from: a path, or a few words
 * @param documents documents it was trained on, 0 if unknown
 * @param characters characters it was trained on, 0 if unknown
 */
public record TokenizerMeta(
        int formatVersion,
        String fingerprint,
        int vocabSize,
        String pattern,
        String trainedOn,
        long documents,
        long characters) {

    /** Format version that this program writes and reads. */
    public static final int FORMAT_VERSION = 1;

    /**
     * Of a tokenizer just trained.
     *
     * @param training the training
     * @param trainedOn where its text came from
     * @return the description
     */
    public static TokenizerMeta of(Training training, String trainedOn) {
        return of(training.tokenizer(), trainedOn, training.documents(), training.characters());
    }

    /**
     * Of a tokenizer that came from elsewhere.
     *
     * @param tokenizer the tokenizer
     * @param origin where it came from
     * @return the description
     */
    public static TokenizerMeta imported(Tokenizer tokenizer, String origin) {
        return of(tokenizer, origin, 0, 0);
    }

    private static TokenizerMeta of(Tokenizer tokenizer, String trainedOn, long documents, long characters) {
        return new TokenizerMeta(
                FORMAT_VERSION,
                tokenizer.fingerprint(),
                tokenizer.vocabSize(),
                tokenizer.pattern(),
                trainedOn,
                documents,
                characters);
    }
}
