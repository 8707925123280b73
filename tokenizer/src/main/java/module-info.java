import org.jspecify.annotations.NullMarked;

/** Byte-pair encoding: training, encoder, special tokens and chat rendering. */
@NullMarked
module org.nanochat4j.tokenizer {
    requires static org.jspecify;
    requires it.unimi.dsi.fastutil;
    requires tools.jackson.databind;

    exports org.nanochat4j.tokenizer;
}
