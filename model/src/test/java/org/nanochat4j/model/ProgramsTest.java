package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.MemoryPlan;

/** Programs are recorded without data: structure, memory and groups of models that would not fit this machine. */
class ProgramsTest {
    private static final GptConfig D12 = GptConfig.ofDepth(12, 64, 128, 2048, 32768, "SSSL", Architecture.CURRENT);

    private static long bytes(MemoryPlan plan, Variable.Role role) {
        return plan.variableBytes().getOrDefault(role, 0L);
    }

    @Test
    @DisplayName("training programs of depth 12 are recorded and planned; gradients take as many bytes as parameters")
    void planOfDepthTwelve() {
        Gpt gpt = new Gpt(D12);
        List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
        TrainingPrograms programs = TrainingPrograms.record(gpt, groups, 1, 2048, 2);
        MemoryPlan plan = MemoryPlan.of(programs.programs(), step -> 0);
        long parameters = bytes(plan, Variable.Role.PARAMETER);
        assertTrue(parameters >= 4 * 286_261_730L && parameters < 4 * 286_261_730L + 64 * 1000, "" + parameters);
        assertEquals(parameters, bytes(plan, Variable.Role.GRADIENT));
        assertTrue(bytes(plan, Variable.Role.OPTIMIZER) > 4 * 84_935_088L + 8 * 201_326_592L);
        assertTrue(plan.arenaBytes() > 0);
        long flops = programs.micro().cost().flops();
        double paper = 2048.0 * Flops.trainingPerToken(D12);
        assertEquals(1.0, flops / paper, 0.25, "recorded against paper FLOPs");
    }

    @Test
    @DisplayName("optimizer groups: reference order, every parameter once, matrices stacked layer by layer")
    void groups() {
        Gpt gpt = new Gpt(D12);
        List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
        assertEquals(
                List.of(
                        "lm_head",
                        "wte",
                        "value_embeds",
                        "resid_lambdas",
                        "x0_lambdas",
                        "smear",
                        "muon.6x12",
                        "muon.768x768",
                        "muon.768x3072",
                        "muon.3072x768"),
                groups.stream().map(ParamGroup::name).toList());
        Set<Parameter> seen = new HashSet<>();
        groups.forEach(group -> group.parameters().forEach(p -> assertTrue(seen.add(p), p.name())));
        assertEquals(gpt.parameters().store().all().size(), seen.size());
        assertEquals(
                List.of("attn.c_q", "attn.c_k", "attn.c_v", "attn.c_proj"),
                groups.get(7).parameters().subList(4, 8).stream()
                        .map(p -> p.name().replaceAll("transformer.h.1.(.*).weight", "$1"))
                        .toList());
    }

    @Test
    @DisplayName(
            "learning rates: embeddings scale with width and batch, matrices and lambdas with batch, the smear group"
                    + " with nothing")
    void rates() {
        GptConfig d4 = GptConfig.ofDepth(4, 64, 128, 2048, 32768, "SSSL", Architecture.CURRENT);
        double batch = Math.sqrt(0.5);
        double width = 1.7320508075688772;
        double[] expected = {
            0.008 * batch * width,
            0.3 * batch * width,
            0.15 * batch * width,
            0.005 * batch,
            0.5 * batch,
            0.2,
            0.02 * batch
        };
        List<ParamGroup> groups = ParamGroups.of(new Gpt(d4), LearningRates.DEFAULT.withBatchScale(batch));
        for (int i = 0; i < expected.length; i++) {
            assertEquals(
                    expected[i],
                    groups.get(i).initialLearningRate(),
                    1e-12,
                    groups.get(i).name());
        }
    }

    @Test
    void originalHasHeadEmbeddingAndMatricesOnly() {
        GptConfig config = GptConfig.ofDepth(4, 64, 128, 512, 1000, "L", Architecture.ORIGINAL);
        assertEquals(
                List.of("lm_head", "wte", "muon.256x256", "muon.256x1024", "muon.1024x256"),
                ParamGroups.of(new Gpt(config), LearningRates.DEFAULT).stream()
                        .map(ParamGroup::name)
                        .toList());
    }

    @Test
    @DisplayName(
            "generation programs of depth 12: the cache is two tables per layer of (rows, positions, heads, head size)")
    void generation() {
        Gpt gpt = new Gpt(D12);
        KvCache cache = KvCache.declare(D12, 4, 1024);
        GenerationPrograms programs = GenerationPrograms.of(gpt, cache, 50);
        MemoryPlan plan = MemoryPlan.of(List.of(programs.prefill(256).program(), programs.decode()), step -> 0);
        long expected = 12L * 2 * 4 * 1024 * 768 * 4 + 4 * 768 * 4;
        assertEquals(expected, bytes(plan, Variable.Role.CACHE));
    }

    @Test
    void tooLongACache() {
        Thrown.says("20480", ModelException.BadConfig.class, () -> KvCache.declare(D12, 1, 20_481));
    }
}
