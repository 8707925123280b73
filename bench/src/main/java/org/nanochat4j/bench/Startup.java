package org.nanochat4j.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * From the start of a process to the end of its first training step.
 *
 * @param label the settings
 * @param total seconds from the start of the process to the end of the first step, as the parent sees it
 * @param virtualMachine seconds until the command began: the virtual machine and the command line
 * @param preparing seconds of recording, planning, compiling and initialising
 * @param firstStep seconds of the first step, in code that is not compiled yet
 */
public record Startup(String label, Timing total, Timing virtualMachine, Timing preparing, Timing firstStep)
        implements Measurement {

    /**
     * What one process reports of itself.
     *
     * @param virtualMachine seconds
     * @param preparing seconds
     * @param firstStep seconds
     */
    public record Child(double virtualMachine, double preparing, double firstStep) {}

    /**
     * Runs a first step in this process.
     *
     * @param settings of training
     * @param virtualMachine seconds since the process began
     * @return what it took
     */
    public static Child first(Training.Settings settings, double virtualMachine) {
        long start = System.nanoTime();
        int rows = settings.microBatch() == 0 ? settings.candidates().getLast() : settings.microBatch();
        Batches.Source source = Batches.random(settings.config().vocabularySize());
        try (var rig = new TrainingRig(
                settings.config(), settings.compute(), rows, settings.rows() / rows, settings.target(), source)) {
            double preparing = Effort.since(start);
            start = System.nanoTime();
            rig.step();
            return new Child(virtualMachine, preparing, Effort.since(start));
        }
    }

    /**
     * Sums up processes.
     *
     * @param label the settings
     * @param total seconds of each
     * @param children what each reported
     * @return the measurement
     */
    public static Startup of(String label, List<Double> total, List<Child> children) {
        return new Startup(
                label,
                Timing.of(total.stream().mapToDouble(Double::doubleValue).toArray()),
                Timing.of(children.stream().mapToDouble(Child::virtualMachine).toArray()),
                Timing.of(children.stream().mapToDouble(Child::preparing).toArray()),
                Timing.of(children.stream().mapToDouble(Child::firstStep).toArray()));
    }

    @Override
    public String group() {
        return "startup";
    }

    @Override
    public Map<String, Double> headline() {
        var figures = new LinkedHashMap<String, Double>();
        figures.put("seconds to the first step", total.median());
        return figures;
    }

    @Override
    public List<String> lines() {
        return List.of(
                label,
                Table.number(total.median()) + " s to the end of the first step, median of " + total.rounds()
                        + " processes (" + Table.number(total.minimum()) + " to " + Table.number(total.maximum())
                        + "): virtual machine and command line " + Table.number(virtualMachine.median())
                        + ", recording, planning, compiling and initialising " + Table.number(preparing.median())
                        + ", first step " + Table.number(firstStep.median()));
    }
}
