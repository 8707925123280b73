package org.nanochat4j.train.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
