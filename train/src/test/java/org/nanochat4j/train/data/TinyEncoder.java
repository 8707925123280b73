package org.nanochat4j.train.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A byte-pair encoder in its plainest form, straight from a rank file: slow, independent of the tokenizer module. */
final class TinyEncoder implements DocumentEncoder {

    private static final Pattern SPLIT = Pattern.compile(
            "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,2}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    private final Map<String, Integer> ranks = new HashMap<>();
    private final int bos;

    private TinyEncoder(int bos) {
        this.bos = bos;
    }

    /** A golden vocabulary by name. */
    static TinyEncoder golden(String name) throws IOException {
        var encoder = new TinyEncoder(Golden.json("golden/tokenizer/" + name + ".json")
                .get("special_tokens")
                .get("<|bos|>")
                .asInt());
        for (String line : Files.readAllLines(Golden.shared("golden/tokenizer/" + name + ".tiktoken"))) {
            String[] fields = line.split(" ", 2);
            byte[] bytes = Base64.getDecoder().decode(fields[0]);
            encoder.ranks.put(new String(bytes, StandardCharsets.ISO_8859_1), Integer.valueOf(fields[1]));
        }
        return encoder;
    }

    /** One token per UTF-8 byte and 256 as BOS: needs no files. */
    static DocumentEncoder bytes() {
        return texts -> texts.stream()
                .map(text -> {
                    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                    int[] tokens = new int[utf8.length + 1];
                    tokens[0] = 256;
                    for (int i = 0; i < utf8.length; i++) {
                        tokens[i + 1] = utf8[i] & 0xff;
                    }
                    return tokens;
                })
                .toArray(int[][]::new);
    }

    @Override
    public int[][] encodeBatch(List<String> texts) {
        return texts.stream().map(this::encode).toArray(int[][]::new);
    }

    private int[] encode(String text) {
        var ids = new ArrayList<Integer>();
        ids.add(bos);
        var pieces = SPLIT.matcher(text);
        while (pieces.find()) {
            var parts = new ArrayList<String>();
            for (byte b : pieces.group().getBytes(StandardCharsets.UTF_8)) {
                parts.add(String.valueOf((char) (b & 0xff)));
            }
            merge(parts);
            parts.forEach(part -> ids.add(ranks.get(part)));
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private void merge(List<String> parts) {
        while (true) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < parts.size(); i++) {
                int rank = ranks.getOrDefault(parts.get(i) + parts.get(i + 1), Integer.MAX_VALUE);
                if (rank < bestRank) {
                    bestRank = rank;
                    best = i;
                }
            }
            if (best < 0) {
                return;
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
    }
}
