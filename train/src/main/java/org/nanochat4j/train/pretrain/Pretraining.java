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
    private final PromptSamples samples;
    private final double peakFlops;
    private BestFitLoader loader;
    private final int[] ids;
    private final int[] targets;
    private final float[] loss = new float[1];
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
        peakFlops = PeakFlops.measure(engine);
        List<Executable> compiled = engine.compile(plan);
        micro = compiled.get(0);
        update = compiled.get(1);
        evaluate = compiled.get(2);
        samples.bind(engine, compiled.subList(3, compiled.size()));
        gpt.initialise(engine, options.seed());

        // 4. the data; one batch is always fetched ahead
        loader = inputs.loader(Split.TRAIN, rows(), config.sequenceLength());
        ids = new int[loader.options().tokens()];
        targets = new int[loader.options().tokens()];
        loaderState = loader.state();
    }

    /** What follows from the options. */
    public Derivation derivation() {
        return derivation;
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
     * @throws TrainingException if the loss is not finite; earlier checkpoints stay
     */
    public int run(RunFolder folder, int keepLast, BooleanSupplier stop, TrainingListener listener) throws IOException {
        var intervals = options.intervals();
        listener.on(opening());
        loader.next(ids, targets);
        long firstWait = loader.waitNanos();
        int iterations = derivation.iterations();
        for (int step = firstStep; ; step++) {
            boolean last = step == iterations;
            // what belongs to the step of a checkpoint was done before it was written
            boolean isNew = step > firstStep || resumption == null;
            if (isNew && intervals.evalEvery() > 0 && (last || step % intervals.evalEvery() == 0)) {
                listener.on(validate(step));
            }
            if (isNew && intervals.sampleEvery() > 0 && (last || due(step, intervals.sampleEvery()))) {
                samples.at(step).forEach(listener::on);
            }
            if (isNew && (stopping || saves(step))) {
                listener.on(save(folder, step, last || stopping));
                folder.keepLast(keepLast);
            }
            if (last) {
                break;
            }
            if (stopping) {
                return step;
            }
            listener.on(train(step, stop));
        }
        double waited = (loader.waitNanos() - firstWait) / 1e9;
        double waitShare = stepSeconds > 0 ? waited / stepSeconds : 0;
        listener.on(new TrainingEvent.Finished(
                iterations, lastBpb, minBpb, totalSeconds, waited, waitShare, plan.totalBytes()));
        return iterations;
    }

    private TrainingEvent opening() {
        Resumption resumed = resumption;
        if (resumed == null) {
            return new TrainingEvent.Started(RunFacts.of(options, inputs, derivation, gpt, plan, engine, peakFlops));
        }
        return new TrainingEvent.Resumed(
                firstStep, resumed.saved().checkpoint().directory(), resumed.changes(), resumed.history());
    }

    /** One step: micro-batches whose gradients add up, then the update. */
    private TrainingEvent.Step train(int step, BooleanSupplier stop) {
        long start = System.nanoTime();
        for (int i = 1; i <= derivation.accumulationSteps(); i++) {
            engine.write(programs.ids(), ids);
            engine.write(programs.targets(), targets);
            micro.run();
            stopping = i == derivation.accumulationSteps() && stop.getAsBoolean();
            if (i == derivation.accumulationSteps() && (stopping || saves(step + 1))) {
                // the state from which a resumed run would read on, before the next batch is fetched ahead
                loaderState = loader.state();
            }
            loader.next(ids, targets);
        }
        hyper.write(engine, groups, step);
        update.run();
        engine.read(programs.loss(), 0, MemorySegment.ofArray(loss));
        double seconds = (System.nanoTime() - start) / 1e9;
        stepSeconds += seconds;
        if (!Float.isFinite(loss[0])) {
            throw new TrainingException(
                    "the loss is " + loss[0] + " at step " + step,
                    "train again from the start with lower learning rates or a larger batch; earlier checkpoints are as they were");
        }
        return account(step, seconds);
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
                100 * flops / seconds / peakFlops,
                position.epoch(),
                position.shard(),
                position.rowGroup(),
                flops * step,
                totalSeconds,
                eta,
                gradientNorms());
    }

    /** What the update program left behind; a square per group. */
    private Map<String, Double> gradientNorms() {
        float[] squares = engine.floats(programs.gradientSquares());
        var norms = new LinkedHashMap<String, Double>();
        for (int i = 0; i < squares.length; i++) {
            norms.put(groups.get(i).name(), Math.sqrt(squares[i]));
        }
        return norms;
    }

    /** Bits per byte on the beginning of the validation split, always the same batches. */
    private TrainingEvent.Validation validate(int step) {
        long start = System.nanoTime();
        var bpb = new BitsPerByte(inputs.tokenizer().tokenBytes());
        long tokens = 0;
        int batch = ids.length;
        long batches = Math.max(1, options.intervals().evalTokens() / batch);
        int[] x = new int[batch];
        int[] y = new int[batch];
        try (BestFitLoader validation =
                inputs.loader(Split.VAL, rows(), gpt.config().sequenceLength())) {
            for (long i = 0; i < batches; i++) {
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
