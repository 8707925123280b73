package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Verifier;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.BitsPerByte;
import org.nanochat4j.model.Checkpoint;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.TrainingPrograms;
import org.nanochat4j.train.data.BestFitLoader;
import org.nanochat4j.train.data.LoaderState;
import org.nanochat4j.train.data.Split;

/**
 * Base training on one process: {@link #prepare} derives, records, plans and compiles; {@link #run} trains.
 *
 * <p>The same options, data, tokenizer and seed give the same weights and optimizer state byte for byte, with any number of threads.
 */
public final class Pretraining implements AutoCloseable {

    private static final double SMOOTHING = 0.9;

    /** Steps whose time does not count: the virtual machine is still compiling. */
    private static final int UNTIMED_STEPS = 10;

    /** Steps after which a save that failed is tried again. */
    private static final int RETRY_EVERY = 10;

    private final PretrainOptions options;
    private final RunInputs inputs;
    private final Engine engine;
    private final Derivation derivation;
    private final HyperParameters hyper;
    private final Gpt gpt;
    private final List<ParamGroup> groups;
    private final TrainingPrograms programs;
    private final MemoryPlan plan;
    private final Executable micro;
    private final Executable update;
    private final Executable evaluate;
    private final Executable norms;
    private final PromptSamples samples;
    private final PeakFlops peak;
    private BestFitLoader loader;
    private final StepBatches batches;
    private final float[] loss = new float[1];
    private final float[] gradientSquares;
    private LoaderState loaderState;

    /** Where the run was resumed; null if it began here. */
    private @Nullable Resumption resumption;

    private int firstStep;
    /** A checkpoint could not be written; it is tried again. */
    private boolean saveOwed;

    private boolean stopping;

    private double smoothLoss;
    private double totalSeconds;
    /** Of all steps of this process. */
    private double stepSeconds;

    private @Nullable Double lastBpb;
    private @Nullable Double minBpb;

    /**
     * Makes a run ready to start.
     *
     * @param options what to train
     * @param inputs what to read
     * @param engine where it runs; the caller closes it
     * @param memoryLimit bytes that the plan may take, at most what the device has
     * @throws org.nanochat4j.model.ModelException.BadConfig if the options describe no run
     * @throws org.nanochat4j.engine.EngineException.OutOfMemory if the plan does not fit; nothing is allocated then
     */
    public Pretraining(PretrainOptions options, RunInputs inputs, Engine engine, long memoryLimit) {
        this.options = options;
        this.inputs = inputs;
        this.engine = engine;

        // 1. everything follows from the depth
        GptConfig config = options.model().config(inputs.tokenizer().vocabSize());
        derivation = Derivation.of(options, config.vocabularySize());
        var schedule = options.optimizer();
        var schedules = new Schedules(
                derivation.iterations(), schedule.warmupSteps(), schedule.warmdownRatio(), schedule.finalLrFrac());
        hyper = new HyperParameters(schedules, derivation.weightDecay());

        // 2. record the programs and plan their memory; nothing is allocated yet
        TrainingPlan recorded = TrainingPlan.record(options, config, derivation);
        gpt = recorded.gpt();
        groups = recorded.groups();
        programs = recorded.programs();
        samples = new PromptSamples(gpt, inputs.tokenizer());
        var all = new ArrayList<Program>(programs.programs());
        all.addAll(samples.programs());
        all.forEach(Verifier::verify);
        plan = engine.plan(all);
        long available = Math.min(memoryLimit, engine.device().memoryBytes());
        plan.requireFits(available, TrainingPlan.remedy(options, config, engine, available));

        // 3. compile, which allocates, and fill the weights
        peak = PeakFlops.of(engine);
        List<Executable> compiled = engine.compile(plan);
        micro = compiled.get(0);
        update = compiled.get(1);
        evaluate = compiled.get(2);
        norms = compiled.get(3);
        samples.bind(engine, compiled.subList(4, compiled.size()));
        gpt.initialise(engine, options.seed());

        // 4. the data; one batch is always fetched ahead
        loader = inputs.loader(Split.TRAIN, rows(), config.sequenceLength());
        batches =
                new StepBatches(derivation.accumulationSteps(), loader.options().tokens());
        gradientSquares = new float[groups.size()];
        loaderState = loader.state();
    }

    /** What follows from the options. */
    public Derivation derivation() {
        return derivation;
    }

    /** What utilisation is relative to. */
    public PeakFlops peak() {
        return peak;
    }

    /** Where everything is in memory. */
    public MemoryPlan plan() {
        return plan;
    }

    /**
     * Takes up a saved run: weights, optimizer, place in the data, averages.
     *
     * @param resumed whose options are those of this run
     * @throws IOException if the checkpoint cannot be read
     * @throws TrainingException if the run is shorter than what is done of it
     */
    public void resume(Resumption resumed) throws IOException {
        Progress progress = resumed.saved().progress();
        if (progress.step() > derivation.iterations()) {
            throw new TrainingException(
                    "the run would end at step " + derivation.iterations() + ", and step " + progress.step()
                            + " is done already",
                    "give a longer horizon");
        }
        Checkpoint checkpoint = resumed.saved().checkpoint();
        checkpoint.load(gpt, engine);
        checkpoint.loadOptimizer(groups, engine);
        resumption = resumed.on(Identity.of(engine));
        firstStep = progress.step();
        smoothLoss = progress.smoothLoss();
        totalSeconds = progress.totalSeconds();
        lastBpb = progress.valBpb();
        minBpb = progress.minBpb();
        if (resumed.sameData()) {
            loader.close();
            loader = inputs.loader(progress.loader(), rows(), gpt.config().sequenceLength());
            loaderState = loader.state();
        }
    }

    /**
     * Trains: evaluates, samples and saves at its intervals and at the end. A checkpoint that cannot be written does not end the run, unless it
     * is the last one.
     *
     * @param folder takes the checkpoints
     * @param keepLast how many of the newest checkpoints stay, beside the best; 0 or less: all
     * @param stop asked at every step; once it is true, the step is finished and saved
     * @param listener is told what happens
     * @return steps done; fewer than all if it was stopped
     * @throws IOException if the last checkpoint cannot be written
     * @throws TrainingException if loss, gradients or weights are not finite, naming where that began; earlier checkpoints stay
     */
    public int run(RunFolder folder, int keepLast, BooleanSupplier stop, TrainingListener listener) throws IOException {
        var intervals = options.intervals();
        listener.on(opening());
        listener.on(new TrainingEvent.Memory(firstStep, MemoryUse.now(plan.totalBytes())));
        loader.next(batches.ids(0), batches.targets(0));
        long firstWait = loader.waitNanos();
        int iterations = derivation.iterations();
        for (int step = firstStep; ; step++) {
            boolean last = step == iterations;
            // what belongs to the step of a checkpoint was done before it was written
            boolean isNew = step > firstStep || resumption == null;
            if (isNew && intervals.evalEvery() > 0 && (last || step % intervals.evalEvery() == 0)) {
                listener.on(validate(step));
                listener.on(new TrainingEvent.Memory(step, MemoryUse.now(plan.totalBytes())));
            }
            if (isNew && intervals.sampleEvery() > 0 && (last || due(step, intervals.sampleEvery()))) {
                samples.at(step).forEach(listener::on);
            }
            if (isNew && (stopping || saves(step))) {
                requireFiniteState(step, folder, listener);
                listener.on(save(folder, step, last || stopping));
                folder.keepLast(keepLast);
            }
            if (last) {
                break;
            }
            if (stopping) {
                return step;
            }
            TrainingEvent event = train(step, stop);
            listener.on(event);
            if (event instanceof TrainingEvent.NotFinite fault) {
                throw Diagnosis.stop(fault, options.optimizer(), folder);
            }
        }
        listener.on(new TrainingEvent.Memory(iterations, MemoryUse.now(plan.totalBytes())));
        double waited = (loader.waitNanos() - firstWait) / 1e9;
        double waitShare = stepSeconds > 0 ? waited / stepSeconds : 0;
        listener.on(new TrainingEvent.Finished(
                iterations, lastBpb, minBpb, totalSeconds, waited, waitShare, plan.totalBytes()));
        return iterations;
    }

    private TrainingEvent opening() {
        Resumption resumed = resumption;
        if (resumed == null) {
            return new TrainingEvent.Started(RunFacts.of(options, inputs, derivation, gpt, plan, engine, peak));
        }
        return new TrainingEvent.Resumed(
                firstStep, resumed.saved().checkpoint().directory(), resumed.changes(), resumed.history());
    }

    /** One step: micro-batches whose gradients add up, then the update, unless loss or gradients are not finite. */
    private TrainingEvent train(int step, BooleanSupplier stop) {
        long start = System.nanoTime();
        int last = batches.count() - 1;
        for (int i = 0; i <= last; i++) {
            engine.write(programs.ids(), batches.ids(i));
            engine.write(programs.targets(), batches.targets(i));
            micro.run();
            stopping = i == last && stop.getAsBoolean();
            if (i == last && (stopping || saves(step + 1))) {
                // the state from which a resumed run would read on, before the next batch is fetched ahead
                loaderState = loader.state();
            }
            loader.next(batches.ids(i + 1), batches.targets(i + 1));
        }
        norms.run();
        engine.read(programs.loss(), 0, MemorySegment.ofArray(loss));
        engine.read(programs.gradientSquares(), 0, MemorySegment.ofArray(gradientSquares));
        String problem = problem();
        if (!problem.isEmpty()) {
            // nothing but gradients has changed, so the step can be run again
            String where = new Diagnosis(engine, programs, micro, norms, groups).of(batches, ratesBefore(step));
            return new TrainingEvent.NotFinite(step, problem, where);
        }
        hyper.write(engine, groups, step);
        update.run();
        batches.advance();
        double seconds = (System.nanoTime() - start) / 1e9;
        stepSeconds += seconds;
        return account(step, seconds);
    }

    /** What of loss and gradients is not finite, or nothing. */
    private String problem() {
        if (!Float.isFinite(loss[0])) {
            return "the loss is " + loss[0];
        }
        for (int i = 0; i < gradientSquares.length; i++) {
            if (!Float.isFinite(gradientSquares[i])) {
                return "the gradient norm of " + groups.get(i).name() + " is " + gradientSquares[i];
            }
        }
        return "";
    }

    /** A checkpoint to go on from must hold numbers; the last update alone can have spoilt them unnoticed. */
    private void requireFiniteState(int step, RunFolder folder, TrainingListener listener) throws IOException {
        String where = new Diagnosis(engine, programs, micro, norms, groups).ofState(ratesBefore(step));
        if (!where.isEmpty()) {
            var fault = new TrainingEvent.NotFinite(step, "weights or optimizer state are not finite", where);
            listener.on(fault);
            throw Diagnosis.stop(fault, options.optimizer(), folder);
        }
    }

    /** Learning rate of each group in the update before a step; none before the first of this process. */
    private double[] ratesBefore(int step) {
        if (step == firstStep) {
            return new double[0];
        }
        double multiplier = hyper.schedules().learningRate(step - 1);
        return groups.stream()
                .mapToDouble(group -> group.initialLearningRate() * multiplier)
                .toArray();
    }

    private TrainingEvent.Step account(int step, double seconds) {
        smoothLoss = SMOOTHING * smoothLoss + (1 - SMOOTHING) * loss[0];
        totalSeconds += step > UNTIMED_STEPS ? seconds : 0;
        int iterations = derivation.iterations();
        double eta = step > UNTIMED_STEPS ? (iterations - step) * totalSeconds / (step - UNTIMED_STEPS) : Double.NaN;
        double flops = (double) derivation.flopsPerToken() * derivation.totalBatchSize();
        var position = loader.position();
        return new TrainingEvent.Step(
                step,
                iterations,
                loss[0],
                smoothLoss / (1 - Math.pow(SMOOTHING, step + 1)),
                hyper.schedules().learningRate(step),
                hyper.schedules().muonMomentum(step),
                hyper.weightDecay(step),
                seconds,
                (long) (derivation.totalBatchSize() / seconds),
                100 * flops / seconds / peak.perSecond(),
                peak.utilisation(),
                position.epoch(),
                position.shard(),
                position.rowGroup(),
                flops * step,
                totalSeconds,
                eta,
                gradientNorms());
    }

    private Map<String, Double> gradientNorms() {
        var byGroup = new LinkedHashMap<String, Double>();
        for (int i = 0; i < gradientSquares.length; i++) {
            byGroup.put(groups.get(i).name(), Math.sqrt(gradientSquares[i]));
        }
        return byGroup;
    }

    /** Bits per byte on the beginning of the validation split, always the same batches. */
    private TrainingEvent.Validation validate(int step) {
        long start = System.nanoTime();
        var bpb = new BitsPerByte(inputs.tokenizer().tokenBytes());
        long tokens = 0;
        int batch = batches.tokens();
        long count = Math.max(1, options.intervals().evalTokens() / batch);
        int[] x = new int[batch];
        int[] y = new int[batch];
        try (BestFitLoader validation =
                inputs.loader(Split.VAL, rows(), gpt.config().sequenceLength())) {
            for (long i = 0; i < count; i++) {
                validation.next(x, y);
                engine.write(programs.ids(), x);
                engine.write(programs.targets(), y);
                evaluate.run();
                bpb.add(engine.floats(programs.rowLosses()), y);
                tokens += batch;
            }
        }
        lastBpb = bpb.value();
        minBpb = minBpb == null ? bpb.value() : Math.min(minBpb, bpb.value());
        return new TrainingEvent.Validation(step, bpb.value(), tokens, (System.nanoTime() - start) / 1e9);
    }

    private TrainingEvent save(RunFolder folder, int step, boolean needed) throws IOException {
        Resumption resumed = resumption;
        var progress = new Progress(
                step,
                lastBpb,
                minBpb,
                smoothLoss,
                totalSeconds,
                loader.position(),
                loaderState,
                resumed == null ? List.of() : resumed.history());
        try {
            Path saved =
                    RunFacts.save(folder.checkpoint(step), options, inputs, derivation, progress, gpt, groups, engine);
            saveOwed = false;
            return new TrainingEvent.Saved(step, saved);
        } catch (IOException | UncheckedIOException e) {
            if (needed) {
                throw e;
            }
            saveOwed = true;
            return new TrainingEvent.SaveFailed(step, String.valueOf(e.getMessage()));
        }
    }

    private boolean saves(int step) {
        return step == derivation.iterations()
                || due(step, options.intervals().saveEvery())
                || (saveOwed && due(step, RETRY_EVERY));
    }

    private static boolean due(int step, int every) {
        return every > 0 && step > 0 && step % every == 0;
    }

    private int rows() {
        return options.horizon().deviceBatchSize();
    }

    /** Ends the loader. */
    @Override
    public void close() {
        loader.close();
    }
}
