package org.nanochat4j.engine.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.TrainingPrograms;

class SegmentationTest {
    @Test
    @DisplayName("all programs of a model of twelve layers are cut into graphs that TornadoVM can hold")
    void twelveLayers() {
        Gpt gpt = new Gpt(new GptConfig(64, 512, 12, 4, 2, 128, "SSSL", Architecture.CURRENT));
        TrainingPrograms programs = TrainingPrograms.record(
                gpt, ParamGroups.of(gpt, new LearningRates(0.008, 0.3, 0.02, 0.5, 1)), 2, 64, 2);
        try (Backend backend = new TestBackend().open(BackendOptions.DEFAULT)) {
            MemoryPlan plan = MemoryPlan.of(programs.programs(), backend::scratchBytes, backend.blockBytes());
            List<List<Integer>> graphs =
                    PlanCompiler.of(plan, TestBackend.capabilities(backend)).segments();
            assertEquals(programs.programs().size(), graphs.size());
            for (List<Integer> program : graphs) {
                assertTrue(
                        program.stream().allMatch(tasks -> tasks >= 1 && tasks <= Segmenter.MOST_TASKS),
                        program.toString());
            }
            long micro =
                    graphs.getFirst().stream().mapToLong(Integer::longValue).sum();
            assertTrue(micro > 12 * 40, micro + " tasks in a training step");
            assertTrue(graphs.getFirst().size() <= micro / 50 + 1, "graphs are filled: " + graphs.getFirst());
        }
    }
}
