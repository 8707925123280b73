import org.jspecify.annotations.NullMarked;

/** GPT: configuration, forward pass, generation and checkpoints. */
@NullMarked
module org.nanochat4j.model {
    requires static org.jspecify;
    requires transitive org.nanochat4j.engine;
    requires transitive org.nanochat4j.tokenizer;
    requires transitive tools.jackson.databind;

    exports org.nanochat4j.model;
}
