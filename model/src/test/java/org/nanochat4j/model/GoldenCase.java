package org.nanochat4j.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.nn.ParameterStore;
import org.nanochat4j.engine.runtime.Engine;
import tools.jackson.databind.JsonNode;

/** One stored case with its model, loaded. */
record GoldenCase(SafetensorsFile file, JsonNode json, Gpt gpt, int batch, int time, int[] ids, int[] targets)
        implements AutoCloseable {
    static GoldenCase load(Engine engine, String name, Architecture architecture) throws IOException {
        return load(engine, name, architecture, DType.F32, DType.F32);
    }

    /** The case of a name ending in _bf16 holds the weights alone that are BF16 themselves; the others are those of the F32 case. */
    static GoldenCase loadBf16(Engine engine, String name, DType embeddings) throws IOException {
        return load(engine, name, Architecture.CURRENT, DType.BF16, embeddings);
    }

    private static GoldenCase load(
            Engine engine, String name, Architecture architecture, DType compute, DType embeddings) throws IOException {
        Path path = Shared.golden(name + ".safetensors");
        JsonNode json = Json.STRICT.readTree(Files.readString(Shared.golden(name + ".json")));
        JsonNode sizes = json.get("config");
        Gpt gpt = new Gpt(
                new GptConfig(
                        sizes.get("sequence_len").intValue(),
                        sizes.get("vocab_size").intValue(),
                        sizes.get("n_layer").intValue(),
                        sizes.get("n_head").intValue(),
                        sizes.get("n_kv_head").intValue(),
                        sizes.get("n_embd").intValue(),
                        sizes.path("window_pattern").asString("L"),
                        architecture),
                compute,
                embeddings);
        SafetensorsFile file = SafetensorsFile.open(path);
        try (SafetensorsFile others = SafetensorsFile.open(Shared.golden(name.replace("_bf16", "") + ".safetensors"))) {
            for (Parameter parameter : gpt.parameters().store().all()) {
                String key = "param." + parameter.name();
                float[] values = (file.tensors().containsKey(key) ? file : others).floats(key);
                ParameterStore.write(parameter.value(), 0, values, values.length, engine::write);
            }
        }
        gpt.writeConstants(engine::write);
        return new GoldenCase(
                file,
                json,
                gpt,
                json.get("batch").intValue(),
                json.get("seq").intValue(),
                ints(file.integers("ids")),
                ints(file.integers("targets")));
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }

    /** The stored positions of logits, which may be only the last ones. */
    float[] tail(float[] logits, String stored) {
        int vocabulary = gpt.config().vocabularySize();
        int kept = Math.toIntExact(file.tensor(stored).shape().get(1));
        float[] tail = new float[batch * kept * vocabulary];
        for (int row = 0; row < batch; row++) {
            int from = (row * time + time - kept) * vocabulary;
            System.arraycopy(logits, from, tail, row * kept * vocabulary, kept * vocabulary);
        }
        return tail;
    }

    @Override
    public void close() {
        file.close();
    }
}
