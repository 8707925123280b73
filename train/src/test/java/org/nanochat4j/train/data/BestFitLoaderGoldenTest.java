package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.tokenizer.TokenizerFiles;
import tools.jackson.databind.JsonNode;

class BestFitLoaderGoldenTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train_b4_t64",
                "train_b2_t200_default_buffer",
                "val_b3_t33",
                "rank0_of_2",
                "rank1_of_2",
                "resume",
                "resume_end_of_file"
            })
    @DisplayName("batches and states equal the reference loader's, token by token")
    void matchesReference(String name) throws IOException {
        check(name, TinyEncoder.golden("shakespeare_512"));
        Tokenizer tokenizer = TokenizerFiles.load(Golden.shared("golden/tokenizer/shakespeare_512.tiktoken"));
        check(
                name,
                texts -> tokenizer
                        .encodeAll(texts, tokenizer.bos(), Tokenizer.NONE, 2)
                        .toArray(int[][]::new));
    }

    private static void check(String name, DocumentEncoder encoder) throws IOException {
        JsonNode json = Golden.json("golden/dataloader/" + name + ".json");
        int[] inputs = Golden.integers("golden/dataloader/" + name + ".safetensors", "inputs");
        int[] targets = Golden.integers("golden/dataloader/" + name + ".safetensors", "targets");
        LoaderOptions options = LoaderOptions.of(
                        json.get("B").asInt(), json.get("T").asInt())
                .withBuffer(integer(json, "buffer_size", 1000), integer(json, "tokenizer_batch_size", 128))
                .withRank(integer(json, "rank", 0), integer(json, "world_size", 1));
        int batches = inputs.length / options.tokens();
        JsonNode states = json.get("states");
        assertEquals(batches, states.size(), "states in the golden file");

        int[] x = new int[options.tokens()];
        int[] y = new int[options.tokens()];
        try (BestFitLoader loader = open(json, encoder, options)) {
            for (int i = 0; i < batches; i++) {
                loader.next(x, y);
                int from = i * x.length;
                assertArrayEquals(Arrays.copyOfRange(inputs, from, from + x.length), x, "inputs of batch " + i);
                assertArrayEquals(Arrays.copyOfRange(targets, from, from + x.length), y, "targets of batch " + i);
                assertEquals(position(states.get(i)), loader.position(), "state after batch " + i);
            }
        }
    }

    private static BestFitLoader open(JsonNode json, DocumentEncoder encoder, LoaderOptions options) {
        Shards shards = Shards.open(Golden.shared("golden/dataloader/shards"));
        Split split = json.get("split").asString().equals("val") ? Split.VAL : Split.TRAIN;
        return json.has("resume_state_dict")
                ? BestFitLoader.resume(shards, split, encoder, options, position(json.get("resume_state_dict")))
                : BestFitLoader.start(shards, split, encoder, options);
    }

    private static StreamPosition position(JsonNode state) {
        return new StreamPosition(
                state.get("pq_idx").asInt(),
                state.get("rg_idx").asInt(),
                state.get("epoch").asInt());
    }

    private static int integer(JsonNode json, String field, int fallback) {
        return json.has(field) ? json.get(field).asInt() : fallback;
    }
}
