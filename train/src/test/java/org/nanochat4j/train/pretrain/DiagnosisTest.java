package org.nanochat4j.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.model.Architecture;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.TrainingPrograms;

/** A step of a small GPT that went wrong, in two micro-batches, is run again. */
class DiagnosisTest {
    private static final int MICRO_BATCHES = 2;

    private final Engine engine = Engine.open("cpu", new BackendOptions(2));
    private final Gpt gpt = new Gpt(new GptConfig(32, 61, 2, 2, 2, 32, "L", Architecture.CURRENT));
    private final List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
    private final TrainingPrograms programs = TrainingPrograms.record(gpt, groups, 2, 32, MICRO_BATCHES);
    private final StepBatches batches = new StepBatches(MICRO_BATCHES, 64);
    private final List<Executable> compiled;
    private final Diagnosis diagnosis;

    DiagnosisTest() {
        gpt.initialise(engine, 1);
        // the projections start at zero, which hides what comes before them
        for (Parameter parameter : gpt.parameters().store().all()) {
            if (parameter.name().endsWith("c_proj.weight")) {
                fill(parameter.value(), 0.01f);
            }
        }
        compiled = engine.compile(engine.plan(programs.programs()));
        diagnosis = new Diagnosis(engine, programs, compiled.get(0), compiled.get(3), groups);
        for (int i = 0; i < MICRO_BATCHES; i++) {
            for (int at = 0; at < batches.tokens(); at++) {
                batches.ids(i)[at] = (at * at + i) % 61;
                batches.targets(i)[at] = ((at + 1) * (at + 1) + i) % 61;
            }
        }
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private void fill(Variable variable, float value) {
        float[] values = new float[Math.toIntExact(variable.type().elements())];
        Arrays.fill(values, value);
        engine.write(variable, values);
    }

    private Parameter parameter(String name) {
        return gpt.parameters().store().all().stream()
                .filter(parameter -> parameter.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    @DisplayName("a healthy step is finite throughout, whatever the failed one left in the gradients, and that is said")
    void healthy() {
        groups.forEach(
                group -> group.parameters().forEach(parameter -> fill(parameter.gradient(), Float.POSITIVE_INFINITY)));
        String where = diagnosis.of(batches, new double[0]);
        assertTrue(where.contains("finite throughout"), where);
        assertEquals("", diagnosis.ofState(new double[0]));
    }

    @Test
    @DisplayName("hidden values of 1e20 overflow where they are squared: the op and the weight before it are named")
    void overflow() {
        fill(parameter("transformer.h.1.mlp.c_fc.weight").value(), 1e20f);
        String where = diagnosis.of(batches, new double[0]);
        assertTrue(where.startsWith("micro-batch 1 of 2, step "), where);
        assertTrue(where.contains("of program micro, ReluSquared"), where);
        assertTrue(where.contains("finite, magnitudes up to"), where);
        assertTrue(where.contains("the last parameter used before it is transformer.h.1.mlp.c_fc.weight"), where);
        assertTrue(where.contains("  at Gpt"), where);
    }

    @Test
    @DisplayName("only the second micro-batch meets the bad row of an embedding: it is that one which is named")
    void secondMicroBatch() {
        Arrays.fill(batches.ids(0), 7);
        batches.ids(1)[5] = 9;
        Variable table = parameter("value_embeds.1.weight").value();
        float[] values = engine.floats(table);
        int columns = table.type().shape().dim(1);
        // finite, but the gate in front of it is 3 · sigmoid(0)
        Arrays.fill(values, 9 * columns, 10 * columns, Float.MAX_VALUE);
        engine.write(table, values);
        fill(parameter("transformer.h.1.attn.ve_gate.weight").value(), 0f);
        String where = diagnosis.of(batches, new double[0]);
        assertTrue(where.startsWith("micro-batch 2 of 2, step "), where);
    }

    @Test
    @DisplayName("a gradient whose square overflows is found in the norms")
    void norms() {
        groups.forEach(group -> group.parameters().forEach(parameter -> fill(parameter.gradient(), 0f)));
        fill(parameter("lm_head.weight").gradient(), 1e25f);
        var found = engine.check(programs.norms(), compiled.get(3)).orElseThrow();
        assertTrue(found.describe().contains("of program norms, SumSquares"), found.describe());
        assertTrue(found.describe().contains("lm_head.weight"), found.describe());
    }

    @Test
    @DisplayName(
            "a weight that the last update spoilt is named with the op that wrote it and its group's learning rate")
    void update() {
        double[] rates = groups.stream().mapToDouble(_ -> 0.125).toArray();
        Variable weight = parameter("transformer.h.0.attn.c_q.weight").value();
        float[] values = engine.floats(weight);
        values[33] = Float.NaN;
        engine.write(weight, values);
        String where = diagnosis.of(batches, rates);
        assertTrue(where.contains("transformer.h.0.attn.c_q.weight F32 (32, 32) was not finite before"), where);
        assertTrue(where.contains("NaN at (1, 1), 1 of 1,024"), where);
        assertTrue(where.contains("of program update, MuonUpdate"), where);
        assertTrue(where.contains("learning rate of muon.32x32 0.125"), where);
        String state = diagnosis.ofState(rates);
        assertTrue(state.startsWith("transformer.h.0.attn.c_q.weight"), state);
        assertTrue(state.contains("MuonUpdate"), state);
        assertTrue(diagnosis.of(batches, new double[0]).contains("it was so before the first step"));
    }
}
