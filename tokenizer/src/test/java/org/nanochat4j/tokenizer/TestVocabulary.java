package org.nanochat4j.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Small vocabularies that need no file. */
final class TestVocabulary {

    private static final String TEXT =
            "then the hen and the ant sing the anthem again, the nanny in the tent is hearing the singing thing; "
                    + "negating, hating, eating: an ant isn't in the inn and the thane ate nine teas at ten past ten. ";

    private TestVocabulary() {}

    /** Single bytes and these tokens, in this order. */
    static Tokenizer of(String... merged) {
        List<byte[]> tokens = new ArrayList<>();
        for (int unit = 0; unit < 256; unit++) {
            tokens.add(new byte[] {(byte) unit});
        }
        for (String token : merged) {
            tokens.add(token.getBytes(StandardCharsets.UTF_8));
        }
        return Tokenizer.of(tokens);
    }

    /** Some sixty merges of a few lines of English, and half an emoji. */
    static Training english(int vocabSize) {
        return new BpeTrainer(vocabSize, 1_000_000, 10_000, 1)
                .train(List.of(TEXT, TEXT, "\uD83D\uDE00 \uD83D\uDE01 \u00E9 \u00E8"), BpeTrainer.Progress.NONE);
    }

    static Tokenizer english() {
        return english(330).tokenizer();
    }
}
