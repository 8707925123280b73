package org.nanochat4j.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text format of tiktoken: per mergeable token a line of base64 bytes, a blank and the rank. */
final class TiktokenFile {

    private TiktokenFile() {}

    static byte[] write(Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder();
        for (int id = 0; id < tokenizer.mergeableSize(); id++) {
            text.append(Base64.getEncoder().encodeToString(tokenizer.tokenView(id)));
            text.append(' ').append(id).append('\n');
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    static Tokenizer read(byte[] content, String where) {
        List<byte[]> tokens = new ArrayList<>();
        for (String line :
                new String(content, StandardCharsets.ISO_8859_1).lines().toList()) {
            int blank = line.indexOf(' ');
            if (blank > 0 && line.substring(blank + 1).equals(Integer.toString(tokens.size()))) {
                try {
                    tokens.add(Base64.getDecoder().decode(line.substring(0, blank)));
                    continue;
                } catch (IllegalArgumentException notBase64) {
                    throw broken(where, tokens.size(), line, notBase64);
                }
            }
            throw broken(where, tokens.size(), line, null);
        }
        try {
            return Tokenizer.of(tokens);
        } catch (TokenizerException problem) {
            throw new TokenizerException(where + ": " + problem.problem(), problem.remedy(), problem);
        }
    }

    private static TokenizerException broken(String where, int rank, String line, @Nullable Throwable cause) {
        TokenizerException broken = new TokenizerException(
                where + ", line " + (rank + 1) + ": '" + line + "' is not a base64 token and the rank " + rank,
                "copy the file again; ranks must count up from 0");
        if (cause != null) {
            broken.initCause(cause);
        }
        return broken;
    }
}
