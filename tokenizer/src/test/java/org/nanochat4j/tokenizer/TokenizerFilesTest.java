package org.nanochat4j.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@DisplayName("tokenizer files")
class TokenizerFilesTest {

    @TempDir
    Path temporary;

    private final Training training = TestVocabulary.english(330);
    private final Tokenizer tokenizer = training.tokenizer();
    private Path folder = Path.of("");

    @BeforeEach
    void save() throws IOException {
        folder = temporary.resolve("deep/tokenizer");
        TokenizerFiles.save(tokenizer, TokenizerMeta.of(training, "a few lines"), folder);
    }

    @Test
    @DisplayName("saved and loaded is the same; nothing temporary is left; saving twice gives the same bytes")
    void roundTrip() throws IOException {
        Tokenizer loaded = TokenizerFiles.load(folder);
        assertEquals(tokenizer.fingerprint(), loaded.fingerprint());
        assertArrayEquals(tokenizer.encode("the singing hen"), loaded.encode("the singing hen"));
        assertEquals(Optional.of(TokenizerMeta.of(training, "a few lines")), TokenizerFiles.loadMeta(folder));
        byte[] before = Files.readAllBytes(folder.resolve(TokenizerFiles.TOKENIZER));
        TokenizerFiles.save(loaded, TokenizerMeta.of(training, "a few lines"), folder);
        assertArrayEquals(before, Files.readAllBytes(folder.resolve(TokenizerFiles.TOKENIZER)));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(2, files.count());
        }
    }

    @Test
    @DisplayName("the layout is HuggingFace's: byte alphabet, every split of a token in order of ranks, specials last")
    void layout() throws IOException {
        Tokenizer small = TestVocabulary.of(" a", "bc", "ab", "abc");
        Path other = temporary.resolve("small");
        TokenizerFiles.save(small, TokenizerMeta.imported(small, "test"), other);
        JsonNode json = JsonMapper.shared().readTree(Files.readAllBytes(other.resolve(TokenizerFiles.TOKENIZER)));
        JsonNode model = json.path("model");
        assertEquals("BPE", model.path("type").stringValue());
        assertTrue(model.path("ignore_merges").booleanValue());
        assertEquals(256, model.path("vocab").path("Ġa").intValue());
        assertEquals(0, model.path("vocab").path("Ā").intValue(-1));
        assertEquals(
                "[[\"Ġ\",\"a\"],[\"b\",\"c\"],[\"a\",\"b\"],[\"a\",\"bc\"],[\"ab\",\"c\"]]",
                model.path("merges").toString());
        JsonNode split = json.path("pre_tokenizer").path("pretokenizers").get(0);
        assertEquals(small.pattern(), split.path("pattern").path("Regex").stringValue());
        assertEquals("Isolated", split.path("behavior").stringValue());
        assertEquals("ByteLevel", json.path("decoder").path("type").stringValue());
        assertFalse(json.path("post_processor").path("trim_offsets").booleanValue());
        assertEquals(9, json.path("added_tokens").size());
        assertEquals(260, json.path("added_tokens").get(0).path("id").intValue());
        assertEquals("<|bos|>", json.path("added_tokens").get(0).path("content").stringValue());
    }

    @Test
    @DisplayName("merges may be written as strings with a blank, as older programs do; a description is optional")
    void olderForm() throws IOException {
        Path file = folder.resolve(TokenizerFiles.TOKENIZER);
        String json = Files.readString(file);
        int merges = json.indexOf("\"merges\":[") + 10;
        String older = json.substring(0, merges)
                + json.substring(merges).replaceAll("\\[\"([^\"]+)\",\"([^\"]+)\"\\]", "\"$1 $2\"");
        assertFalse(older.equals(json));
        Files.writeString(file, older);
        Files.delete(folder.resolve(TokenizerFiles.META));
        assertEquals(tokenizer.fingerprint(), TokenizerFiles.load(folder).fingerprint());
        assertEquals(tokenizer.fingerprint(), TokenizerFiles.load(file).fingerprint());
        assertEquals(Optional.empty(), TokenizerFiles.loadMeta(folder));
    }

    @Test
    @DisplayName("tiktoken's format, there and back")
    void tiktoken() throws IOException {
        Path file = temporary.resolve("ranks.tiktoken");
        TokenizerFiles.saveTiktoken(tokenizer, file);
        assertEquals("AA== 0", Files.readAllLines(file).getFirst());
        assertEquals(tokenizer.fingerprint(), TokenizerFiles.load(file).fingerprint());
        Files.writeString(file, "AA== 0\nAQ== 2\n");
        assertProblem("line 2", () -> TokenizerFiles.load(file));
        Files.writeString(file, "AA== 0\n");
        assertProblem("only 1 mergeable", () -> TokenizerFiles.load(file));
    }

    @Test
    @DisplayName("missing, cut off at any byte, or swapped: a clear error, never a wrong tokenizer")
    void broken() throws IOException {
        assertProblem("no tokenizer at", () -> TokenizerFiles.load(temporary.resolve("nowhere")));
        Path file = folder.resolve(TokenizerFiles.TOKENIZER);
        byte[] content = Files.readAllBytes(file);
        for (int length = 0; length < content.length; length += 97) {
            Files.write(file, Arrays.copyOf(content, length));
            assertProblem(file.toString(), () -> TokenizerFiles.load(folder));
        }
        Tokenizer other = TestVocabulary.of("xy");
        TokenizerFiles.save(other, TokenizerMeta.imported(other, "test"), temporary.resolve("other"));
        Files.write(file, Files.readAllBytes(temporary.resolve("other").resolve(TokenizerFiles.TOKENIZER)));
        assertProblem("fingerprints differ", () -> TokenizerFiles.load(folder));
        Files.write(file, content);
        Files.writeString(folder.resolve(TokenizerFiles.META), "{\"format_version\": 2}");
        assertProblem("format version 2", () -> TokenizerFiles.load(folder));
        Files.writeString(folder.resolve(TokenizerFiles.META), "{\"format_ver");
        assertProblem(TokenizerFiles.META, () -> TokenizerFiles.load(folder));
        assertThrows(
                TokenizerException.class,
                () -> TokenizerFiles.save(other, TokenizerMeta.of(training, "wrong"), folder));
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource({
        "'\"ignore_merges\":true', '\"ignore_merges\":false', ignore_merges",
        "'\"type\":\"BPE\"', '\"type\":\"Unigram\"', BPE",
        "'{1,2}', '{1,3}', splits text by",
        "'\"normalizer\":null', '\"normalizer\":{\"type\":\"NFC\"}', normalizer",
        "'<|user_end|>', '<|end|>', user_end",
        "'\"in\":', '\"iq\":', which does not make a token",
        "'\"b\":98', '\"b\":1098', gaps",
        "'\"b\":98,\"c\":99', '\"b\":99,\"c\":98', single byte",
    })
    @DisplayName("a file of another structure is refused by name")
    void otherStructure(String old, String changed, String problem) throws IOException {
        Path file = folder.resolve(TokenizerFiles.TOKENIZER);
        String json = Files.readString(file, StandardCharsets.UTF_8);
        assertTrue(json.contains(old), old);
        Files.writeString(file, json.replace(old, changed));
        assertProblem(problem, () -> TokenizerFiles.load(file));
    }

    private static void assertProblem(String words, Executable action) {
        TokenizerException problem = assertThrows(TokenizerException.class, action);
        assertTrue(problem.problem().contains(words), problem::getMessage);
        assertFalse(problem.remedy().isEmpty());
    }
}
