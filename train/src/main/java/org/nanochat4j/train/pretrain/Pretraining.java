package org.nanochat4j.train.pretrain;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
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
import org.nanochat4j.model.CheckpointMeta;
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

    /** How long the last save is tried again: the process ends after it, and what it does not save is lost. */
    private static final int PATIENCE_SECONDS = 600;

    /** The same where the process was asked to stop: whoever asked will not wait for long. */
    private static final int SHORT_PATIENCE_SECONDS = 3;

    private static final int LONGEST_PAUSE_SECONDS = 60;

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
    private final CheckpointWriter writer;
    private BestFitLoader loader;
    private final StepBatches batches;
    private final float[] loss = new float[1];
    private final float[] gradientSquares;
    private final MemorySegment lossBytes = MemorySegment.ofArray(loss);
    private final MemorySegment squareBytes;
    private LoaderState loaderState;

    /** Where the run was resumed; null if it began here. */
    private @Nullable Resumption resumption;

    private int firstStep;
    private boolean stopping;

    /** Whether the state after this step is to be saved: decided before the next batch is fetched, for the loader's state. */
    private boolean saving;

    private double smoothLoss;
    private double totalSeconds;
    /** Of all steps of this process. */
    private double stepSeconds;

    private @Nullable Double lastBpb;
    private @Nullable Integer lastBpbStep;
    private @Nullable Double minBpb;

    /**
     * Makes a run ready to start.
     *
     * @param asked what to train; what it leaves to the engine is decided here
     * @param inputs what to read
     * @param engine where it runs; the caller closes it
     * @param memoryLimit bytes that the plan may take, at most what the device has
     * @throws org.nanochat4j.model.ModelException.BadConfig if the options describe no run
     * @throws org.nanochat4j.engine.EngineException.OutOfMemory if the plan does not fit; nothing is allocated then
     */
    public Pretraining(PretrainOptions asked, RunInputs inputs, Engine engine, long memoryLimit) {
        this.options = asked.on(engine);
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
        writer = new CheckpointWriter(gpt, groups, engine, available - plan.totalBytes());

        // 3. compile, which allocates, and fill the weights
        peak = PeakFlops.of(engine, options.model().compute().dtype());
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
        squareBytes = MemorySegment.ofArray(gradientSquares);
        loaderState = loader.state();
    }

    /** What is trained. */
    public PretrainOptions options() {
        return options;
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
     * Host memory beside the plan, for a copy of weights and optimizer state that is written while training goes on.
     *
     * @return bytes, allocated by the first save; 0 if there is no room for them, and training waits while a checkpoint is written
     */
    public long copyBytes() {
        return writer.copyBytes();
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
        lastBpbStep = progress.valStep();
        minBpb = progress.minBpb();
        if (resumed.sameData()) {
            loader.close();
            loader = inputs.loader(progress.loader(), rows(), gpt.config().sequenceLength());
            loaderState = loader.state();
        }
    }

    /**
     * Trains: evaluates, samples and saves at its intervals and at the end. Checkpoints are written while training goes on. One that cannot be
     * written does not end the run; the last one is tried again for ten minutes, or three seconds after a wish to stop.
     *
     * @param folder takes the checkpoints
     * @param keepLast how many of the newest checkpoints stay, beside the best; 0 or less: all
     * @param stop asked at every step; once it is true, the step is finished and saved
     * @param listener is told what happens, by this thread
     * @return steps done; fewer than all if it was stopped
     * @throws IOException if the last checkpoint cannot be written
     * @throws TrainingException if loss, gradients or weights are not finite, naming where that began; earlier checkpoints stay
     */
    public int run(RunFolder folder, int keepLast, BooleanSupplier stop, TrainingListener listener) throws IOException {
        listener.on(opening());
        listener.on(memory(firstStep));
        loader.next(batches.ids(0), batches.targets(0));
        long firstWait = loader.waitNanos();
        int steps;
        try {
            steps = steps(folder, keepLast, stop, listener);
        } finally {
            // however the run ends, a save in flight is completed and told
            writer.finish().forEach(listener::on);
        }
        if (steps == derivation.iterations()) {
            listener.on(memory(steps));
            double waited = (loader.waitNanos() - firstWait) / 1e9;
            double waitShare = stepSeconds > 0 ? waited / stepSeconds : 0;
            listener.on(new TrainingEvent.Finished(
                    steps, lastBpb, minBpb, totalSeconds, waited, waitShare, plan.totalBytes() + copyBytes()));
        }
        return steps;
    }

    private int steps(RunFolder folder, int keepLast, BooleanSupplier stop, TrainingListener listener)
            throws IOException {
        var intervals = options.intervals();
        int iterations = derivation.iterations();
        saving = saves(firstStep);
        for (int step = firstStep; ; step++) {
            boolean last = step == iterations;
            // what belongs to the step of a checkpoint was done before it was written
            boolean isNew = step > firstStep || resumption == null;
            if (isNew && intervals.evalEvery() > 0 && (last || step % intervals.evalEvery() == 0)) {
                listener.on(validate(step));
                listener.on(memory(step));
            }
            if (isNew && intervals.sampleEvery() > 0 && (last || due(step, intervals.sampleEvery()))) {
                samples.at(step).forEach(listener::on);
            }
            if (isNew && saving) {
                long start = System.nanoTime();
                requireFiniteState(step, folder, listener);
                save(folder, step, keepLast, start).forEach(listener::on);
                if (last || stopping) {
                    insist(folder, step, keepLast, stop, listener);
                }
            }
            if (last || stopping) {
                return step;
            }
            writer.news().forEach(listener::on);
            TrainingEvent event = train(step, stop);
            listener.on(event);
            if (event instanceof TrainingEvent.NotFinite fault) {
                throw Diagnosis.stop(fault, options.optimizer(), folder);
            }
        }
    }

    /** The copy for saving counts once it is there. */
    private TrainingEvent memory(int step) {
        return new TrainingEvent.Memory(
                step, MemoryUse.now(plan.totalBytes() + writer.allocatedBytes(), engine.deviceBytes()));
    }

    private TrainingEvent opening() {
        Resumption resumed = resumption;
        if (resumed == null) {
            Map<String, Object> memory = RunFacts.memory(plan, copyBytes());
            return new TrainingEvent.Started(RunFacts.of(options, inputs, derivation, gpt, memory, engine, peak));
        }
        return new TrainingEvent.Resumed(
                firstStep, resumed.saved().checkpoint().directory(), resumed.changes(), resumed.history());
    }

    /**
     * One step: micro-batches whose gradients add up, then the update, unless loss or gradients are not finite. It allocates nothing on the heap but
     * what tells of it: the event with its norms, once a step.
     */
    private TrainingEvent train(int step, BooleanSupplier stop) {
        long start = System.nanoTime();
        int last = batches.count() - 1;
        for (int i = 0; i <= last; i++) {
            engine.write(programs.ids(), 0, batches.idBytes(i));
            engine.write(programs.targets(), 0, batches.targetBytes(i));
            micro.run();
            if (i == last) {
                stopping = stop.getAsBoolean();
                saving = stopping || saves(step + 1);
                if (saving) {
                    // the state from which a resumed run would read on, before the next batch is fetched ahead
                    loaderState = loader.state();
                }
            }
            loader.next(batches.ids(i + 1), batches.targets(i + 1));
        }
        norms.run();
        engine.read(programs.loss(), 0, lossBytes);
        engine.read(programs.gradientSquares(), 0, squareBytes);
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
        lastBpbStep = step;
        minBpb = minBpb == null ? bpb.value() : Math.min(minBpb, bpb.value());
        return new TrainingEvent.Validation(step, bpb.value(), tokens, (System.nanoTime() - start) / 1e9);
    }

    /** Begins to save the state as it is, for which training has waited since a time; what became of the save before. */
    private List<TrainingEvent> save(RunFolder folder, int step, int keepLast, long since) {
        Resumption resumed = resumption;
        var progress = new Progress(
                step,
                lastBpb,
                lastBpbStep,
                minBpb,
                smoothLoss,
                totalSeconds,
                loader.position(),
                loaderState,
                resumed == null ? List.of() : resumed.history());
        CheckpointMeta meta = RunFacts.meta(options, inputs, derivation, progress, gpt.config(), engine);
        return writer.begin(new CheckpointWriter.Job(folder, step, meta, inputs.tokenizerFiles(), keepLast), since);
    }

    /** Waits for the last save, and tries again if it fails. */
    private void insist(RunFolder folder, int step, int keepLast, BooleanSupplier stop, TrainingListener listener)
            throws IOException {
        writer.finish().forEach(listener::on);
        int waited = 0;
        for (int pause = 1; writer.owed(); pause = Math.min(2 * pause, LONGEST_PAUSE_SECONDS)) {
            if (waited >= (stop.getAsBoolean() ? SHORT_PATIENCE_SECONDS : PATIENCE_SECONDS)) {
                throw new IOException("the last checkpoint, after step " + step + ", could not be written to "
                        + folder.path() + " in " + waited + " seconds; older checkpoints are as they were");
            }
            try {
                Thread.sleep(Duration.ofSeconds(pause));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while the last checkpoint could not be written");
            }
            waited += pause;
            save(folder, step, keepLast, System.nanoTime()).forEach(listener::on);
            writer.finish().forEach(listener::on);
        }
    }

    private boolean saves(int step) {
        return step == derivation.iterations()
                || due(step, options.intervals().saveEvery())
                || (writer.owed() && due(step, RETRY_EVERY));
    }

    private static boolean due(int step, int every) {
        return every > 0 && step > 0 && step % every == 0;
    }

    private int rows() {
        return options.horizon().deviceBatchSize();
    }

    /** Ends the loader, and completes a save in flight. */
    @Override
    public void close() {
        loader.close();
        writer.close();
    }
}
