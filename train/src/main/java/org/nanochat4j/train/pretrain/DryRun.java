package org.nanochat4j.train.pretrain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.optim.AdamW;
import org.nanochat4j.engine.optim.Muon;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.HostCopy;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.tokenizer.Tokenizer;

/** All that can be said of a run before it; nothing is written. A few micro-batches are tried, if that takes seconds, to tell how long it will take. */
public final class DryRun {

    private DryRun() {}

    /**
     * Derives, records and plans a run.
     *
     * @param asked what would be trained
     * @param vocabularySize tokens
     * @param tokenizer of the samples, whose caches take memory too; null leaves them out
     * @param engine that would train; a step is measured on it, or at least the rate of matrix products
     * @return sections of facts, in the order of the derivation
     * @throws org.nanochat4j.model.ModelException.BadConfig if the options describe no run
     */
    public static Map<String, Object> of(
            PretrainOptions asked, int vocabularySize, @Nullable Tokenizer tokenizer, Engine engine) {
        PretrainOptions options = asked.on(engine);
        GptConfig config = options.model().config(vocabularySize);
        Derivation derivation = Derivation.of(options, vocabularySize);
        TrainingPlan recorded = TrainingPlan.record(options, config, derivation);
        var programs = new ArrayList<Program>(recorded.programs().programs());
        if (tokenizer != null) {
            programs.addAll(new PromptSamples(recorded.gpt(), tokenizer).programs());
        }
        PeakFlops peak = PeakFlops.of(engine, options.model().compute().dtype());
        var facts = new LinkedHashMap<String, Object>();
        facts.put("model", RunFacts.modelConfig(config));
        facts.put("parameters", RunFacts.parameters(config));
        facts.putAll(derived(options, vocabularySize));
        facts.put("memory", memory(recorded, engine.plan(programs), engine));
        facts.put("evaluation", evaluation(options, derivation));
        facts.put("time", time(options, derivation, StepTime.of(options, recorded, derivation, engine, peak), peak));
        return facts;
    }

    /**
     * What follows from the options alone, without a machine: derivation, learning rates, weight decay and the schedule's turns.
     *
     * @throws org.nanochat4j.model.ModelException.BadConfig if the options describe no run
     */
    public static Map<String, Object> derived(PretrainOptions options, int vocabularySize) {
        Derivation derivation = Derivation.of(options, vocabularySize);
        var gpt = new Gpt(options.model().config(vocabularySize));
        List<ParamGroup> groups = ParamGroups.of(gpt, options.optimizer().rates(derivation.batchScale()));
        var facts = new LinkedHashMap<String, Object>();
        facts.put("derivation", RunFacts.derivation(derivation));
        facts.put("learning_rates", rates(groups));
        facts.put("weight_decay", decay(groups, derivation));
        facts.put("schedule", schedule(options, derivation));
        return facts;
    }

    /** With the copy that saving makes, if there is room for it now. */
    private static Map<String, Object> memory(TrainingPlan recorded, MemoryPlan plan, Engine engine) {
        long copy = new HostCopy(recorded.gpt(), recorded.groups()).bytes();
        long room = engine.device().memoryBytes() - plan.totalBytes();
        return RunFacts.memory(plan, copy <= room ? copy : 0);
    }

    /** Learning rates before the schedule's multiplier. */
    private static Map<String, Object> rates(List<ParamGroup> groups) {
        var map = new LinkedHashMap<String, Object>();
        groups.forEach(group -> map.put(group.name(), group.initialLearningRate()));
        return map;
    }

    private static Map<String, Object> decay(List<ParamGroup> groups, Derivation derivation) {
        var map = new LinkedHashMap<String, Object>();
        for (ParamGroup group : groups) {
            map.put(
                    group.name(),
                    switch (group) {
                        case AdamW adam -> (double) adam.step().weightDecay();
                        case Muon _ -> derivation.weightDecay();
                    });
        }
        return map;
    }

    /** What changes over the run, where it turns. */
    private static List<Map<String, Object>> schedule(PretrainOptions options, Derivation derivation) {
        var optimizer = options.optimizer();
        int iterations = derivation.iterations();
        var schedules =
                new Schedules(iterations, optimizer.warmupSteps(), optimizer.warmdownRatio(), optimizer.finalLrFrac());
        var hyper = new HyperParameters(schedules, derivation.weightDecay());
        var rows = new ArrayList<Map<String, Object>>();
        var steps = new TreeSet<>(List.of(
                0,
                Math.max(0, optimizer.warmupSteps() - 1),
                400,
                (int) Math.rint((1 - optimizer.warmdownRatio()) * iterations),
                iterations / 2,
                (int) (iterations * 0.9),
                iterations - 1));
        for (int step : steps.headSet(iterations)) {
            var row = new LinkedHashMap<String, Object>();
            row.put("step", step);
            row.put("learning_rate", schedules.learningRate(step));
            row.put("muon_momentum", schedules.muonMomentum(step));
            row.put("muon_weight_decay", hyper.weightDecay(step));
            rows.add(row);
        }
        return rows;
    }

    private static Map<String, Object> evaluation(PretrainOptions options, Derivation derivation) {
        var map = new LinkedHashMap<String, Object>();
        map.put("tokens", options.intervals().evalTokens());
        map.put("evaluations", evaluations(options, derivation));
        return map;
    }

    /** At step 0, at every multiple, and at the end. */
    private static int evaluations(PretrainOptions options, Derivation derivation) {
        int every = options.intervals().evalEvery();
        return every > 0 ? 1 + (derivation.iterations() + every - 1) / every : 0;
    }

    private static Map<String, Object> time(
            PretrainOptions options, Derivation derivation, StepTime step, PeakFlops peak) {
        double seconds = step.seconds(derivation);
        var map = new LinkedHashMap<String, Object>();
        map.put("basis", step.basis());
        map.put("expected_seconds_per_step", seconds);
        map.put("of_that_update", step.updateSeconds());
        map.put("expected_tokens_per_second", derivation.totalBatchSize() / seconds);
        map.put(
                "expected_mfu_percent",
                100.0 * derivation.flopsPerToken() * derivation.totalBatchSize() / seconds / peak.perSecond());
        map.put("peak_gflops", peak.perSecond() / 1e9);
        map.put("peak_source", peak.source());
        map.put("expected_hours_of_training", seconds * derivation.iterations() / 3600);
        double evaluation = options.intervals().evalTokens()
                * step.evaluationSeconds()
                * derivation.accumulationSteps()
                / derivation.totalBatchSize();
        map.put("expected_hours_of_evaluation", evaluations(options, derivation) * evaluation / 3600);
        return map;
    }
}
