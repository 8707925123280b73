package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.CheckpointMeta;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import org.nanochat4j.tokenizer.TokenizerMeta;

/**
 * A tokenizer and the files that go into every checkpoint trained with it.
 *
 * @param tokenizer the tokenizer
 * @param files content by name
 */
record TokenizerSource(Tokenizer tokenizer, Map<String, byte[]> files) {

    /** From a folder, or from a single file of another program. */
    static TokenizerSource load(Path path) throws IOException {
        Tokenizer tokenizer = TokenizerFiles.load(path);
        if (Files.isDirectory(path)) {
            return new TokenizerSource(tokenizer, read(path));
        }
        Path converted = Files.createTempDirectory("nanochat-tokenizer");
        try {
            TokenizerFiles.save(
                    tokenizer,
                    TokenizerMeta.imported(tokenizer, path.getFileName().toString()),
                    converted);
            return new TokenizerSource(tokenizer, read(converted));
        } finally {
            for (String name : List.of(TokenizerFiles.TOKENIZER, TokenizerFiles.META)) {
                Files.deleteIfExists(converted.resolve(name));
            }
            Files.delete(converted);
        }
    }

    /**
     * Weights know the ids of one tokenizer only; under another they see noise, and say so by nothing but worse text.
     *
     * @throws UserError if the checkpoint was trained with another tokenizer
     */
    static void requireSame(Tokenizer tokenizer, Checkpoint checkpoint) {
        CheckpointMeta meta = checkpoint.meta();
        String remedy = Files.exists(checkpoint.directory().resolve(TokenizerFiles.TOKENIZER))
                ? "leave --tokenizer out: the checkpoint has its own"
                : "give the one it was trained with by --tokenizer";
        // a checkpoint of another program may not say with which tokenizer it was trained
        String trained = meta.tokenizerFingerprint().orElse(tokenizer.fingerprint());
        int ids = meta.config().vocabularySize();
        if (!trained.equals(tokenizer.fingerprint()) || ids != tokenizer.vocabSize()) {
            throw UserError.failure(
                    String.format(
                            Locale.ROOT,
                            "the tokenizer (%d ids, fingerprint %s) is not the one that %s was trained with (%d ids, fingerprint %s)",
                            tokenizer.vocabSize(),
                            tokenizer.fingerprint(),
                            checkpoint.directory(),
                            ids,
                            meta.tokenizerFingerprint().orElse("not stated")),
                    remedy);
        }
    }

    private static Map<String, byte[]> read(Path folder) throws IOException {
        var files = new LinkedHashMap<String, byte[]>();
        for (String name : List.of(TokenizerFiles.TOKENIZER, TokenizerFiles.META)) {
            if (Files.exists(folder.resolve(name))) {
                files.put(name, Files.readAllBytes(folder.resolve(name)));
            }
        }
        return files;
    }
}
