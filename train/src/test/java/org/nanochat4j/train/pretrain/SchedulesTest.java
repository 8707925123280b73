package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.train.data.Golden;
import tools.jackson.databind.JsonNode;

class SchedulesTest {

    private static final Schedules D12 = new Schedules(2520, 40, 0.65, 0.05);

    @Test
    @DisplayName("the published values at depth 12")
    void published() {
        assertEquals(0.025, D12.learningRate(0), 1e-12);
        assertEquals(1, D12.learningRate(39), 1e-12);
        assertEquals(0.99942002, D12.learningRate(883), 5e-9);
        assertEquals(0.35158730, D12.learningRate(2000), 5e-9);
        assertEquals(0.05057998, D12.learningRate(2519), 5e-9);
        assertEquals(0.85, D12.muonMomentum(0), 1e-12);
        assertEquals(0.8617, D12.muonMomentum(39), 1e-12);
        assertEquals(0.97, D12.muonMomentum(400), 1e-12);
        assertEquals(0.96995726, D12.muonMomentum(883), 5e-9);
        assertEquals(0.92222222, D12.muonMomentum(2000), 5e-9);
        assertEquals(0.90004274, D12.muonMomentum(2519), 5e-9);
        assertEquals(0.27983456, 0.28 * D12.weightDecay(39), 5e-9);
        assertEquals(0.26295102, 0.28 * D12.weightDecay(400), 5e-9);
        assertEquals(0.02840145, 0.28 * D12.weightDecay(2000), 5e-9);
    }

    @Test
    @DisplayName("the reference's schedules, every value of the shared file")
    void golden() {
        JsonNode runs = Golden.json("golden/optimizer/schedules.json");
        assertTrue(runs.size() >= 3);
        for (JsonNode run : runs) {
            var schedules = new Schedules(
                    run.get("num_iterations").asInt(),
                    run.get("warmup_steps").asInt(),
                    run.get("warmdown_ratio").asDouble(),
                    run.get("final_lr_frac").asDouble());
            for (JsonNode row : run.get("values")) {
                int step = row.get(0).asInt();
                assertEquals(row.get(1).asDouble(), schedules.learningRate(step), 1e-12, "lr at " + step);
                assertEquals(row.get(2).asDouble(), schedules.muonMomentum(step), 1e-12, "momentum at " + step);
                assertEquals(row.get(3).asDouble(), schedules.weightDecay(step), 1e-12, "decay at " + step);
            }
        }
    }

    @Test
    @DisplayName("without warm-up and warm-down the learning rate stays")
    void flat() {
        var flat = new Schedules(10, 0, 0, 0.05);
        for (int step = 0; step < 10; step++) {
            assertEquals(1, flat.learningRate(step));
        }
    }
}
