package org.nanochat4j.model;

import java.util.Locale;

/**
 * The shape of a GPT: the reference's seven fields and the architecture; all else is derived.
 *
 * @param sequenceLength training context in tokens; windows and rotary tables follow from it
 * @param vocabularySize tokens of the vocabulary
 * @param layers blocks
 * @param heads query heads
 * @param kvHeads key-value heads; divides the heads
 * @param channels width of the residual stream
 * @param windowPattern one letter per layer, repeated: S for a quarter of the context, L for all of it; the last layer is always L
 * @param architecture which generation of the model
 */
public record GptConfig(
        int sequenceLength,
        int vocabularySize,
        int layers,
        int heads,
        int kvHeads,
        int channels,
        String windowPattern,
        Architecture architecture) {
    /** Channels that the smear gate reads. */
    static final int SMEAR_CHANNELS = 24;
    /** Channels that a value-embedding gate reads. */
    static final int GATE_CHANNELS = 12;
    /** How many times the training context a sequence may be long. */
    static final int LONGEST = 10;
    /** Short windows are a multiple of this. */
    private static final int WINDOW_UNIT = 128;

    /**
     * A checked configuration.
     *
     * @throws ModelException.BadConfig naming the field that is wrong and what would be right
     */
    public GptConfig {
        atLeastOne("sequence_len", sequenceLength);
        atLeastOne("vocab_size", vocabularySize);
        atLeastOne("n_layer (depth)", layers);
        atLeastOne("n_head", heads);
        atLeastOne("n_kv_head", kvHeads);
        atLeastOne("n_embd", channels);
        windowPattern = windowPattern.toUpperCase(Locale.ROOT);
        require(
                sequenceLength <= Integer.MAX_VALUE / LONGEST,
                "sequence_len " + sequenceLength + " is too long",
                "choose at most " + Integer.MAX_VALUE / LONGEST);
        require(
                channels % heads == 0,
                "n_head " + heads + " does not divide n_embd " + channels,
                "choose a number of heads that divides the width, or a head size that divides depth * aspect ratio");
        require(
                channels / heads % 2 == 0,
                "head size " + channels / heads + " is odd",
                "rotary positions turn pairs of channels: choose an even head size");
        require(
                heads % kvHeads == 0,
                "n_kv_head " + kvHeads + " does not divide n_head " + heads,
                "choose a divisor of " + heads);
        require(
                !architecture.hasSmear() || channels >= SMEAR_CHANNELS,
                "n_embd " + channels + " is too narrow",
                "the current architecture reads " + SMEAR_CHANNELS + " channels for its gate: choose at least that");
        require(
                windowPattern.matches("[SL]+"),
                "window_pattern '" + windowPattern + "' is not made of the letters S and L",
                "use for example SSSL, or L for full attention");
    }

    private static void atLeastOne(String field, int value) {
        require(value >= 1, field + " must be at least 1, not " + value, "choose a positive number");
    }

    private static void require(boolean condition, String problem, String remedy) {
        if (!condition) {
            throw new ModelException.BadConfig(problem + "; " + remedy);
        }
    }

    /**
     * The reference's one dial: {@code channels = ceil(depth * aspectRatio / headSize) * headSize}, as many key-value heads as heads.
     *
     * @param depth layers
     * @param aspectRatio channels per layer before rounding, usually 64
     * @param headSize channels of a head, usually 128
     * @param sequenceLength training context in tokens
     * @param vocabularySize tokens of the vocabulary
     * @param windowPattern letters S and L
     * @param architecture which generation of the model
     * @return the configuration
     * @throws ModelException.BadConfig naming what is wrong
     */
    public static GptConfig ofDepth(
            int depth,
            int aspectRatio,
            int headSize,
            int sequenceLength,
            int vocabularySize,
            String windowPattern,
            Architecture architecture) {
        atLeastOne("depth", depth);
        atLeastOne("aspect ratio", aspectRatio);
        atLeastOne("head size", headSize);
        long heads = Math.ceilDiv((long) depth * aspectRatio, headSize);
        long channels = heads * headSize;
        require(
                channels <= Integer.MAX_VALUE / 4,
                "depth " + depth + " times aspect ratio " + aspectRatio + " gives " + channels + " channels",
                "choose a smaller depth");
        return new GptConfig(
                sequenceLength,
                vocabularySize,
                depth,
                (int) heads,
                (int) heads,
                (int) channels,
                windowPattern,
                architecture);
    }

    /** {@return channels of a head} */
    public int headSize() {
        return channels / heads;
    }

    /** {@return channels of all key-value heads together} */
    public int kvChannels() {
        return kvHeads * headSize();
    }

    /** {@return rows of the vocabulary tables: the vocabulary, rounded up to what the architecture asks} */
    public int paddedVocabulary() {
        int multiple = architecture.vocabularyMultiple();
        return Math.ceilDiv(vocabularySize, multiple) * multiple;
    }

    /** {@return the number of positions there are, ten times the training context} */
    public int maxPositions() {
        return LONGEST * sequenceLength;
    }

    /**
     * Whether a layer has a value embedding: every second one, counted back from the last.
     *
     * @param layer from 0
     * @return whether it has
     */
    public boolean hasValueEmbedding(int layer) {
        return architecture.hasValueEmbeddings() && layer % 2 == (layers - 1) % 2;
    }

    /** {@return how many layers have a value embedding} */
    public int valueEmbeddings() {
        return architecture.hasValueEmbeddings() ? Math.ceilDiv(layers, 2) : 0;
    }

    /**
     * How many positions before its own a query sees.
     *
     * @param layer from 0
     * @return the window; a query sees window + 1 keys
     */
    public int window(int layer) {
        if (!architecture.hasWindows()) {
            return maxPositions();
        }
        boolean isShort = layer < layers - 1 && windowPattern.charAt(layer % windowPattern.length()) == 'S';
        return isShort ? WINDOW_UNIT * Math.ceilDiv(Math.ceilDiv(sequenceLength, 4), WINDOW_UNIT) : sequenceLength;
    }

    /** {@return the window of each layer} */
    public int[] windows() {
        int[] windows = new int[layers];
        for (int layer = 0; layer < layers; layer++) {
            windows[layer] = window(layer);
        }
        return windows;
    }

    /** {@return the layer after which the stream is remembered, to be backed out at the end} */
    public int backoutLayer() {
        return layers / 2;
    }

    /**
     * This configuration with another training context.
     *
     * @param length tokens
     * @return the new configuration
     */
    public GptConfig withSequenceLength(int length) {
        return new GptConfig(length, vocabularySize, layers, heads, kvHeads, channels, windowPattern, architecture);
    }
}
