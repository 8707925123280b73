package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.BitsPerByte;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.SafetensorsFile;
import org.nanochat4j.model.TrainingPrograms;
import org.nanochat4j.train.data.Golden;
import tools.jackson.databind.JsonNode;

class BitsPerByteTest {

    @Test
    @DisplayName("nats / (ln 2 · bytes); ignored targets and special tokens count neither way")
    void formula() {
        var bpb = new BitsPerByte(new int[] {1, 3, 0});
        bpb.add(new float[] {2, 1, 7, 9, 100}, new int[] {0, 1, 2, -1, 2});
        assertEquals(3, bpb.nats());
        assertEquals(4, bpb.bytes());
        assertEquals(3 / (Math.log(2) * 4), bpb.value(), 1e-15);
    }

    @Test
    @DisplayName("without a byte it is infinite")
    void noBytes() {
        var bpb = new BitsPerByte(new int[] {1, 0});
        bpb.add(new float[] {5, 5}, new int[] {1, -1});
        assertEquals(Double.POSITIVE_INFINITY, bpb.value());
    }

    @Test
    @DisplayName("the reference's batches, one by one and together")
    void golden() throws IOException {
        JsonNode expected = Golden.json("golden/eval/bpb.json");
        JsonNode shape = Golden.json("golden/eval/model.json").get("config");
        var gpt = new Gpt(new GptConfig(
                shape.get("sequence_len").asInt(),
                shape.get("vocab_size").asInt(),
                shape.get("n_layer").asInt(),
                shape.get("n_head").asInt(),
                shape.get("n_kv_head").asInt(),
                shape.get("n_embd").asInt(),
                shape.get("window_pattern").asString(),
                Architecture.CURRENT));
        TrainingPrograms programs = TrainingPrograms.record(gpt, ParamGroups.of(gpt, LearningRates.DEFAULT), 3, 64, 1);
        try (Engine engine = Engine.open();
                SafetensorsFile file = SafetensorsFile.open(Golden.shared("golden/eval/bpb.safetensors"))) {
            Executable evaluate =
                    engine.compile(engine.plan(List.of(programs.evaluate()))).getFirst();
            Checkpoint.loadWeights(Golden.shared("golden/eval/model.safetensors"), gpt, engine);
            int[] tokenBytes = ints(file.integers("token_bytes"));
            var all = new BitsPerByte(tokenBytes);
            for (int batch = 0; batch < 4; batch++) {
                int[] targets = ints(file.integers("y" + batch));
                engine.write(programs.ids(), ints(file.integers("x" + batch)));
                engine.write(programs.targets(), targets);
                evaluate.run();
                float[] losses = engine.floats(programs.rowLosses());
                var each = new BitsPerByte(tokenBytes);
                each.add(losses, targets);
                all.add(losses, targets);
                double value = expected.get("bpb_each").get(batch).asDouble();
                assertEquals(value, each.value(), 1e-5 * value, "batch " + batch);
            }
            double value = expected.get("bpb_all").asDouble();
            assertEquals(value, all.value(), 1e-5 * value);
        }
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }
}
