package org.nanochat4j.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The golden vocabularies: trained, encoded, decoded and rendered by independent programs; every value is exact. */
@DisplayName("golden vocabularies")
class GoldenTest {

    private static final JsonMapper JSON = JsonMapper.shared();

    private final Path folder = Shared.require("golden/tokenizer");

    @ParameterizedTest
    @ValueSource(strings = {"shakespeare_512", "shakespeare_4096", "mixed_512", "mixed_4096"})
    @DisplayName("texts, unpaired surrogates, special tokens")
    void encodings(String name) throws IOException {
        JsonNode golden = golden(name);
        Tokenizer tokenizer = tokenizer(name);
        assertEquals(golden.path("vocab_size").intValue(), tokenizer.vocabSize());
        assertEquals(golden.path("pattern").stringValue(), tokenizer.pattern());
        golden.path("special_tokens")
                .properties()
                .forEach(special ->
                        assertEquals(special.getValue().intValue(), tokenizer.encodeSpecial(special.getKey())));
        for (JsonNode encoding : golden.path("encodings")) {
            String text = encoding.path("text").stringValue();
            String label = encoding.path("name").stringValue();
            int[] ids = ints(encoding.path("ids"));
            assertArrayEquals(ids, tokenizer.encode(text), label);
            assertEquals(text, tokenizer.decode(ids), label);
            int piece = 0;
            for (JsonNode hex : encoding.path("pieces_hex")) {
                assertArrayEquals(HexFormat.of().parseHex(hex.stringValue()), tokenizer.bytes(ids[piece++]), label);
            }
            assertArrayEquals(
                    encoding.has("ids_special_allowed") ? ints(encoding.path("ids_special_allowed")) : ids,
                    tokenizer.encodeWithSpecials(text),
                    label);
        }
        for (JsonNode surrogates : golden.path("surrogates")) {
            StringBuilder text = new StringBuilder();
            surrogates.path("utf16").forEach(unit -> text.append((char) unit.intValue()));
            assertArrayEquals(ints(surrogates.path("ids")), tokenizer.encode(text.toString()));
        }
        JsonNode ends = golden.path("append_prepend");
        String text = ends.path("text").stringValue();
        assertArrayEquals(ints(ends.path("prepend_bos")), tokenizer.encode(text, tokenizer.bos(), Tokenizer.NONE));
        assertArrayEquals(ints(ends.path("append_bos")), tokenizer.encode(text, Tokenizer.NONE, tokenizer.bos()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"shakespeare_512", "shakespeare_4096", "mixed_512", "mixed_4096"})
    @DisplayName("ill-formed UTF-8, bytes per token")
    void decodingAndTokenBytes(String name) throws IOException {
        JsonNode golden = golden(name);
        Tokenizer tokenizer = tokenizer(name);
        assertArrayEquals(ints(golden.path("token_bytes")), tokenizer.tokenBytes());
        int checked = 0;
        for (JsonNode invalid : golden.path("invalid_utf8_decoding")) {
            assertEquals(invalid.path("decoded").stringValue(), tokenizer.decode(ints(invalid.path("ids"))));
            checked++;
        }
        assertTrue(checked > 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"shakespeare_512", "shakespeare_4096", "mixed_512", "mixed_4096"})
    @DisplayName("200 documents, each after <|bos|>, on one thread and on four")
    void documents(String name) throws IOException, GeneralSecurityException {
        JsonNode golden = golden(name).path("documents_encoded");
        Tokenizer tokenizer = tokenizer(name);
        List<String> documents =
                trainingTexts(name).subList(0, golden.path("documents").intValue());
        for (int threads : new int[] {1, 4}) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            int count = 0;
            for (int[] ids : tokenizer.encodeAll(documents, tokenizer.bos(), Tokenizer.NONE, threads)) {
                ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asIntBuffer().put(ids);
                digest.update(bytes);
                count += ids.length;
            }
            assertEquals(golden.path("num_ids").intValue(), count);
            assertEquals(
                    golden.path("sha256_of_little_endian_int32").stringValue(),
                    HexFormat.of().formatHex(digest.digest()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"shakespeare_512", "shakespeare_4096", "mixed_512", "mixed_4096"})
    @DisplayName("conversations: ids, mask, cut, completion")
    void conversations(String name) throws IOException {
        ChatRenderer renderer = new ChatRenderer(tokenizer(name));
        int checked = 0;
        for (JsonNode golden : golden(name).path("conversations")) {
            Conversation conversation =
                    Conversation.fromJson(golden.path("conversation").toString());
            RenderedChat whole = renderer.render(conversation);
            assertArrayEquals(ints(golden.path("ids")), whole.ids());
            assertArrayEquals(ints(golden.path("mask")), whole.mask());
            RenderedChat cut = renderer.render(conversation, 20);
            assertArrayEquals(ints(golden.path("max_tokens_20").path("ids")), cut.ids());
            assertArrayEquals(ints(golden.path("max_tokens_20").path("mask")), cut.mask());
            if (golden.has("completion_ids")) {
                assertArrayEquals(ints(golden.path("completion_ids")), renderer.renderForCompletion(conversation));
            }
            checked++;
        }
        assertTrue(checked > 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"shakespeare_512", "shakespeare_4096", "mixed_512", "mixed_4096"})
    @DisplayName("training finds the same merges in the same order")
    void training(String name) throws IOException {
        Tokenizer golden = tokenizer(name);
        Training training = new BpeTrainer(golden.vocabSize(), BpeTrainer.DEFAULT_MAX_CHARS, 10_000, 2)
                .train(trainingTexts(name), BpeTrainer.Progress.NONE);
        assertTrue(training.complete());
        for (int id = 0; id < golden.mergeableSize(); id++) {
            assertArrayEquals(golden.bytes(id), training.tokenizer().bytes(id), "token " + id);
        }
        assertEquals(golden.fingerprint(), training.tokenizer().fingerprint());
    }

    private Tokenizer tokenizer(String name) throws IOException {
        return TokenizerFiles.load(folder.resolve(name + ".tiktoken"));
    }

    private JsonNode golden(String name) throws IOException {
        return JSON.readTree(Files.readAllBytes(folder.resolve(name + ".json")));
    }

    private List<String> trainingTexts(String name) throws IOException {
        if (name.startsWith("mixed")) {
            List<String> documents = new ArrayList<>();
            for (JsonNode text : JSON.readTree(Files.readAllBytes(folder.resolve("mixed_docs.json")))) {
                documents.add(text.stringValue());
            }
            return documents;
        }
        // The rows of the first two shards are runs of eight speeches of the play; the last 90 are the third shard.
        List<String> speeches = new ArrayList<>();
        for (String speech :
                Files.readString(Shared.require("data/shakespeare/input.txt")).split("\n\n")) {
            speeches.add(speech.strip());
        }
        List<String> documents = new ArrayList<>();
        for (int from = 0; documents.size() < 813; from += 8) {
            documents.add(String.join("\n\n", speeches.subList(from, from + 8)));
        }
        return documents;
    }

    private static int[] ints(JsonNode list) {
        int[] ints = new int[list.size()];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = list.get(i).intValue();
        }
        return ints;
    }
}
