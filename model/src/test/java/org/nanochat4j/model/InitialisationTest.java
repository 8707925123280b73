package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.runtime.Engine;
import tools.jackson.databind.JsonNode;

/** Initial weights agree with the reference's in distribution; its generator is its own. */
class InitialisationTest {
    private final Engine engine = Engine.open();

    @AfterEach
    void close() {
        engine.close();
    }

    private record Moments(double mean, double std, double min, double max) {
        static Moments of(float[] values) {
            double sum = 0;
            double min = Double.POSITIVE_INFINITY;
            double max = Double.NEGATIVE_INFINITY;
            for (float value : values) {
                sum += value;
                min = Math.min(min, value);
                max = Math.max(max, value);
            }
            double mean = sum / values.length;
            double squares = 0;
            for (float value : values) {
                squares += (value - mean) * (value - mean);
            }
            return new Moments(mean, values.length == 1 ? 0 : Math.sqrt(squares / (values.length - 1)), min, max);
        }
    }

    @Test
    @DisplayName("mean, standard deviation and bounds of every parameter are the reference's, up to chance")
    void statistics() throws IOException {
        JsonNode json = Json.STRICT.readTree(Files.readString(Shared.golden("model/init_statistics.json")));
        String meta = "{\"architecture\": \"current\", \"model_config\": " + json.get("config") + "}";
        Gpt gpt = new Gpt(CheckpointMeta.parse(meta, "init_statistics.json").config());
        gpt.initialise(engine, 42);
        JsonNode parameters = json.get("parameters");
        assertEquals(gpt.parameters().store().all().size(), parameters.size());
        for (Parameter parameter : gpt.parameters().store().all()) {
            JsonNode expected = parameters.get(parameter.name());
            Moments ours = Moments.of(engine.floats(parameter.value()));
            double std = expected.get("std").doubleValue();
            long count = parameter.type().elements();
            double chance = 6 * std / Math.sqrt(count) + 1e-6;
            String name = parameter.name();
            assertEquals(expected.get("mean").doubleValue(), ours.mean(), 2 * chance, name + " mean");
            assertEquals(std, ours.std(), 2 * chance, name + " standard deviation");
            boolean bounded = !name.equals("transformer.wte.weight") && !name.equals("lm_head.weight");
            double edge = bounded ? 0.1 * std + 30 * std / count + 1e-6 : 1.5 * std;
            assertEquals(expected.get("min").doubleValue(), ours.min(), edge, name + " smallest");
            assertEquals(expected.get("max").doubleValue(), ours.max(), edge, name + " largest");
        }
    }

    @Test
    @DisplayName("the first release: normal by fan-in and fan-out, projections and head zero")
    void original() {
        GptConfig config = new GptConfig(64, 500, 2, 2, 1, 128, "L", Architecture.ORIGINAL);
        Gpt gpt = new Gpt(config);
        gpt.initialise(engine, 1);
        GptParameters weights = gpt.parameters();
        GptParameters.Block block = weights.blocks().get(1);
        double fan = 1 / Math.sqrt(128);
        assertEquals(1.0, std(weights.tokenEmbedding()), 0.02);
        assertEquals(fan, std(block.query()), 0.02 * fan);
        assertEquals(fan * Math.sqrt(0.5), std(block.key()), 0.03 * fan);
        assertEquals(fan, std(block.up()), 0.02 * fan);
        for (Parameter zero : new Parameter[] {weights.lmHead(), block.projection(), block.down()}) {
            assertArrayEquals(new float[(int) zero.type().elements()], engine.floats(zero.value()));
        }
        Moments moments = Moments.of(engine.floats(block.query().value()));
        assertTrue(moments.max() > 3.2 * fan, "normal, not uniform");
    }

    private double std(Parameter parameter) {
        return Moments.of(engine.floats(parameter.value())).std();
    }
}
