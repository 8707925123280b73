package org.nanochat4j.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.optim.ParamGroup;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.LearningRates;
import org.nanochat4j.model.ParamGroups;
import org.nanochat4j.model.TrainingPrograms;

/** A model that is ready to be trained, without everything else that a run consists of. */
final class TrainingRig implements AutoCloseable {
    /** Learning rate and the two other numbers that the optimizers' ops read; what they are costs nothing. */
    private static final float[] HYPER = {1e-4f, 0.9f, 0.5f};

    private final Engine engine;
    private final DType dtype;
    private final TrainingPrograms programs;
    private final MemoryPlan plan;
    private final Map<String, Executable> executables = new LinkedHashMap<>();
    private final Batches batches;
    private final int accumulation;
    private final int[] ids;
    private final int[] targets;

    /**
     * Records, plans, compiles and initialises.
     *
     * @param compute type of the activations
     * @param rows of a micro-batch
     * @param accumulation micro-batches per step
     */
    TrainingRig(
            GptConfig config, ComputeType compute, int rows, int accumulation, Target target, Batches.Source source) {
        this.accumulation = accumulation;
        this.engine = target.engine();
        try {
            dtype = compute.on(engine);
            Gpt gpt = new Gpt(config, dtype);
            List<ParamGroup> groups = ParamGroups.of(gpt, LearningRates.DEFAULT);
            programs = TrainingPrograms.record(gpt, groups, rows, config.sequenceLength(), accumulation);
            List<Program> used = programs.programs().stream()
                    .filter(program -> !program.equals(programs.evaluate()))
                    .toList();
            plan = engine.plan(used);
            List<Executable> compiled = engine.compile(plan);
            for (int i = 0; i < used.size(); i++) {
                executables.put(used.get(i).name(), compiled.get(i));
            }
            gpt.initialise(engine, 42);
            groups.forEach(group -> engine.write(group.hyper(), HYPER));
            batches = source.open(rows);
        } catch (RuntimeException e) {
            engine.close();
            throw e;
        }
        ids = new int[rows * config.sequenceLength()];
        targets = new int[ids.length];
    }

    /** The type of the activations. */
    DType dtype() {
        return dtype;
    }

    /** What the tensors take. */
    long plannedBytes() {
        return plan.totalBytes();
    }

    /** One step of training: every micro-batch, then the update. */
    void step() {
        run(Executable::run);
    }

    /** The same under a clock. */
    void step(RoofTable.Clock clock) {
        run(clock::run);
    }

    private void run(Consumer<Executable> how) {
        Executable micro =
                Objects.requireNonNull(executables.get(programs.micro().name()));
        for (int i = 0; i < accumulation; i++) {
            batches.next(ids, targets);
            engine.write(programs.ids(), ids);
            engine.write(programs.targets(), targets);
            how.accept(micro);
        }
        executables.forEach((name, executable) -> {
            if (!executable.equals(micro) && !executable.equals(update())) {
                how.accept(executable);
            }
        });
        how.accept(update());
    }

    private Executable update() {
        return Objects.requireNonNull(executables.get(programs.update().name()));
    }

    @Override
    public void close() {
        batches.close();
        engine.close();
    }
}
