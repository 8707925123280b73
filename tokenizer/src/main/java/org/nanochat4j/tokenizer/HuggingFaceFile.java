package org.nanochat4j.tokenizer;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The {@code tokenizer.json} of HuggingFace tokenizers, in the form that makes its BPE equal to ours: whole pieces that
 * are tokens are not merged ({@code ignore_merges}), and the merges are every split of a token into two others, in order
 * of the token's rank, so that the pair with the lowest rank is joined first.
 */
final class HuggingFaceFile {

    /** A table of the names seen would only cost here, where there are as many as tokens. */
    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build());

    private static final int MOST_TOKENS = 1 << 24;
    private static final String REMEDY =
            "use a file written by this program, or one of the same structure; else train a tokenizer anew";

    private HuggingFaceFile() {}

    static byte[] write(Tokenizer tokenizer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringProperty("version", "1.0");
            json.writeNullProperty("truncation").writeNullProperty("padding");
            writeAddedTokens(json, tokenizer);
            json.writeNullProperty("normalizer");
            json.writeObjectPropertyStart("pre_tokenizer").writeStringProperty("type", "Sequence");
            json.writeArrayPropertyStart("pretokenizers").writeStartObject().writeStringProperty("type", "Split");
            json.writeObjectPropertyStart("pattern")
                    .writeStringProperty("Regex", tokenizer.pattern())
                    .writeEndObject();
            json.writeStringProperty("behavior", "Isolated").writeBooleanProperty("invert", false);
            json.writeEndObject().writeStartObject();
            writeByteLevel(json, false, true, false);
            json.writeEndArray().writeEndObject();
            json.writeObjectPropertyStart("post_processor");
            writeByteLevel(json, true, false, true);
            json.writeObjectPropertyStart("decoder");
            writeByteLevel(json, true, true, true);
            writeModel(json, tokenizer);
            json.writeEndObject();
        }
        return bytes.toByteArray();
    }

    private static void writeAddedTokens(JsonGenerator json, Tokenizer tokenizer) {
        json.writeArrayPropertyStart("added_tokens");
        for (SpecialToken special : SpecialToken.ALL) {
            json.writeStartObject().writeNumberProperty("id", tokenizer.id(special));
            json.writeStringProperty("content", special.text());
            json.writeBooleanProperty("single_word", false);
            json.writeBooleanProperty("lstrip", false).writeBooleanProperty("rstrip", false);
            json.writeBooleanProperty("normalized", false).writeBooleanProperty("special", true);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeByteLevel(JsonGenerator json, boolean prefixSpace, boolean trimOffsets, boolean regex) {
        json.writeStringProperty("type", "ByteLevel").writeBooleanProperty("add_prefix_space", prefixSpace);
        json.writeBooleanProperty("trim_offsets", trimOffsets).writeBooleanProperty("use_regex", regex);
        json.writeEndObject();
    }

    private static void writeModel(JsonGenerator json, Tokenizer tokenizer) {
        json.writeObjectPropertyStart("model").writeStringProperty("type", "BPE");
        json.writeNullProperty("dropout").writeNullProperty("unk_token");
        json.writeNullProperty("continuing_subword_prefix").writeNullProperty("end_of_word_suffix");
        json.writeBooleanProperty("fuse_unk", false).writeBooleanProperty("byte_fallback", false);
        json.writeBooleanProperty("ignore_merges", true);
        json.writeObjectPropertyStart("vocab");
        for (int id = 0; id < tokenizer.mergeableSize(); id++) {
            byte[] token = tokenizer.tokenView(id);
            json.writeNumberProperty(ByteAlphabet.spell(token, 0, token.length), id);
        }
        json.writeEndObject();
        json.writeArrayPropertyStart("merges");
        for (int id = 256; id < tokenizer.mergeableSize(); id++) {
            writeSplits(json, tokenizer, tokenizer.tokenView(id));
        }
        json.writeEndArray().writeEndObject();
    }

    private record Split(int left, int right, int at) {}

    private static void writeSplits(JsonGenerator json, Tokenizer tokenizer, byte[] token) {
        List<Split> splits = new ArrayList<>();
        for (int at = 1; at < token.length; at++) {
            int left = tokenizer.rank(token, 0, at);
            int right = tokenizer.rank(token, at, token.length);
            if (left >= 0 && right >= 0) {
                splits.add(new Split(left, right, at));
            }
        }
        splits.sort(Comparator.comparingInt(Split::left).thenComparingInt(Split::right));
        for (Split split : splits) {
            json.writeStartArray();
            json.writeString(ByteAlphabet.spell(token, 0, split.at));
            json.writeString(ByteAlphabet.spell(token, split.at, token.length));
            json.writeEndArray();
        }
    }

    /**
     * Reads what {@link #write} writes, or a file of the same structure.
     *
     * @param content the file
     * @param where its name, for errors
     */
    static Tokenizer read(byte[] content, String where) {
        Reading reading = new Reading(where);
        try (JsonParser json = JSON.createParser(content)) {
            reading.require(json.nextToken() == JsonToken.START_OBJECT, "is not a JSON object");
            for (String name; (name = json.nextName()) != null; ) {
                json.nextToken();
                switch (name) {
                    case "model" -> reading.model(json);
                    case "added_tokens" -> reading.addedTokens(json.readValueAsTree());
                    case "normalizer" ->
                        reading.require(json.currentToken() == JsonToken.VALUE_NULL, "has a normalizer");
                    case "pre_tokenizer" -> reading.preTokenizer(json.readValueAsTree());
                    default -> json.skipChildren();
                }
            }
            return reading.tokenizer();
        } catch (JacksonException broken) {
            throw new TokenizerException(
                    where + " is not complete JSON: " + broken.getOriginalMessage() + ", line "
                            + broken.getLocation().getLineNr() + ", column "
                            + broken.getLocation().getColumnNr(),
                    "the file was cut off or changed; copy it again or train a tokenizer anew",
                    broken);
        }
    }

    /** What has been read of a file so far. */
    private static final class Reading {

        private final String where;

        /** Token by id, in the byte alphabet. */
        private final List<@Nullable String> tokens = new ArrayList<>(1 << 16);

        /** Left and right parts in turn. */
        private final List<String> merges = new ArrayList<>(1 << 17);

        private @Nullable JsonNode addedTokens;
        private @Nullable JsonNode preTokenizer;
        private boolean bpe;
        private boolean ignoresMerges;

        Reading(String where) {
            this.where = where;
        }

        void require(boolean condition, String problem) {
            if (!condition) {
                throw refusal(problem);
            }
        }

        private TokenizerException refusal(String problem) {
            return new TokenizerException(where + " " + problem, REMEDY);
        }

        void addedTokens(JsonNode node) {
            addedTokens = node;
        }

        void preTokenizer(JsonNode node) {
            preTokenizer = node;
        }

        void model(JsonParser json) {
            for (String name; (name = json.nextName()) != null; ) {
                JsonToken value = json.nextToken();
                switch (name) {
                    case "type" -> bpe = "BPE".equals(json.getString());
                    case "ignore_merges" -> ignoresMerges = value == JsonToken.VALUE_TRUE;
                    case "vocab" -> vocabulary(json);
                    case "merges" -> merges(json);
                    default -> json.skipChildren();
                }
            }
        }

        private void vocabulary(JsonParser json) {
            for (String token; (token = json.nextName()) != null; ) {
                int id = json.nextIntValue(-1);
                if (id < 0 || id > MOST_TOKENS || (id < tokens.size() && tokens.get(id) != null)) {
                    throw refusal("gives the token '" + token + "' no id of its own, but " + id);
                }
                while (tokens.size() <= id) {
                    tokens.add(null);
                }
                tokens.set(id, token);
            }
        }

        /** A merge is a pair of strings or, in older files, one string with a blank; blanks are not in the alphabet. */
        private void merges(JsonParser json) {
            for (JsonToken entry; (entry = json.nextToken()) != JsonToken.END_ARRAY; ) {
                if (entry == JsonToken.START_ARRAY) {
                    mergePart(json.nextStringValue());
                    mergePart(json.nextStringValue());
                    require(json.nextToken() == JsonToken.END_ARRAY, "has a merge that is not a pair");
                } else {
                    String pair = entry == JsonToken.VALUE_STRING ? json.getString() : "";
                    int blank = pair.indexOf(' ');
                    mergePart(blank < 0 ? null : pair.substring(0, blank));
                    mergePart(pair.substring(blank + 1));
                }
            }
        }

        private void mergePart(@Nullable String part) {
            if (part == null || part.isEmpty()) {
                throw refusal("has a merge that is not a pair of tokens, number " + merges.size() / 2);
            }
            merges.add(part);
        }

        Tokenizer tokenizer() {
            require(bpe && ignoresMerges, "is not a BPE model with \"ignore_merges\": true");
            requirePattern();
            List<byte[]> ranked = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                if (token == null) {
                    throw refusal("has no token with id " + ranked.size() + ", but later ones: gaps");
                }
                byte[] bytes = ByteAlphabet.read(token);
                if (bytes == null) {
                    throw refusal("has a token '" + token + "' outside the byte alphabet");
                }
                ranked.add(bytes);
            }
            requireSpecials();
            requireMergesInOrder();
            try {
                return Tokenizer.of(ranked);
            } catch (TokenizerException problem) {
                throw new TokenizerException(where + ": " + problem.problem(), problem.remedy(), problem);
            }
        }

        private void requirePattern() {
            String found = "";
            if (preTokenizer != null) {
                for (JsonNode step : preTokenizer.path("pretokenizers")) {
                    found += step.path("pattern").path("Regex").asString("");
                }
            }
            require(
                    found.equals(SplitScanner.PATTERN),
                    "splits text by " + (found.isEmpty() ? "no pattern" : found) + " and not by "
                            + SplitScanner.PATTERN);
        }

        private void requireSpecials() {
            int count = addedTokens == null ? 0 : addedTokens.size();
            require(count == SpecialToken.ALL.size(), "has " + count + " special tokens instead of nine");
            for (int i = 0; addedTokens != null && i < count; i++) {
                SpecialToken special = SpecialToken.ALL.get(i);
                JsonNode token = addedTokens.get(i);
                int id = tokens.size() + i;
                require(
                        token.path("content").asString("").equals(special.text())
                                && token.path("id").asInt(-1) == id,
                        "must have " + special.text() + " with id " + id + ", but has " + token);
            }
        }

        /** Merges in another order than the ranks of their tokens would give other ids than ours. */
        private void requireMergesInOrder() {
            int rank = 256;
            for (int i = 0; i < merges.size(); i += 2) {
                String left = merges.get(i);
                String right = merges.get(i + 1);
                while (rank < tokens.size() && !joined(left, right, tokens.get(rank))) {
                    rank++;
                }
                if (rank == tokens.size()) {
                    throw refusal("has merge %d, %s + %s, which does not make a token, or not in the order of ranks"
                            .formatted(i / 2, left, right));
                }
            }
        }

        private static boolean joined(String left, String right, @Nullable String token) {
            return token != null
                    && token.length() == left.length() + right.length()
                    && token.startsWith(left)
                    && token.endsWith(right);
        }
    }
}
