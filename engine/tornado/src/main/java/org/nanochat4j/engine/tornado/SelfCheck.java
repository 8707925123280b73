package org.nanochat4j.engine.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.EngineException;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.MemoryPlan;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.spi.Backend;
import org.nanochat4j.engine.spi.BackendOptions;
import org.nanochat4j.engine.spi.Backends;
import org.nanochat4j.engine.spi.DeviceBuffer;
import org.nanochat4j.engine.spi.Progress;

/**
 * Compares the kernels of this device with those of the CPU backend before anything is trained with them.
 *
 * <p>TornadoVM and drivers have been seen to compute wrong results without an error; such a device must not be used quietly.
 */
final class SelfCheck {
    /** Relative to the root mean square of a result; kernels that work stay below 1e-5. */
    private static final double TOLERANCE = 1e-4;

    /** From a number of BF16 to the next, at most, relative to it: a rounding may fall to the other side. */
    private static final double BF16_STEP = 0x1p-7;

    /** Relative to the number and to the root mean square: a product with a factor that was rounded is off by a tenth of this, and one in thousands by half. */
    private static final double ROUNDED_FACTOR = 0x1p-6;

    /** The share of numbers whose rounding may; with another kind of rounding it would be half of them. */
    private static final double MOST_DIFFERENT = 0.02;

    /** Of the random numbers that are computed with. */
    private static final int SEED = 7;

    private final List<Probe> probes;
    private final Capabilities capabilities;
    private final List<List<Variable>> operands = new ArrayList<>();
    private final List<List<Variable>> results = new ArrayList<>();
    private final Program program;

    private SelfCheck(List<Probe> probes, Capabilities capabilities) {
        this.probes = probes;
        this.capabilities = capabilities;
        Recorder recorder = new Recorder("self-check");
        for (Probe probe : probes) {
            record(recorder, probe);
        }
        this.program = recorder.finish();
    }

    private void record(Recorder recorder, Probe probe) {
        List<Variable> inputs = new ArrayList<>();
        List<Variable> outputs = new ArrayList<>();
        for (int i = 0; i < probe.operands().size(); i++) {
            Variable variable =
                    new Variable("operand" + i, probe.operands().get(i).type(), Variable.Role.INPUT);
            inputs.add(variable);
            if (probe.op().writes(i)) {
                outputs.add(variable);
            }
        }
        List<Tensor> computed =
                recorder.apply(probe.op(), inputs.stream().map(recorder::use).toList());
        for (Tensor tensor : computed) {
            Variable variable = new Variable("result", tensor.type(), Variable.Role.OUTPUT);
            recorder.apply(new Assign(), List.of(recorder.use(variable), tensor));
            outputs.add(variable);
        }
        operands.add(inputs);
        results.add(outputs);
    }

    /**
     * Checks some kinds of kernels.
     *
     * @param backend the device's
     * @param capabilities the device's
     * @param choices which
     * @throws EngineException.DeviceFailed naming the op, its operands and the error, if a result is wrong
     */
    static void run(Backend backend, Capabilities capabilities, Set<KernelChoice> choices) {
        List<Probe> probes = Probe.all().stream()
                .filter(probe -> choices.contains(KernelChoice.of(probe.step(), capabilities)))
                .toList();
        if (probes.isEmpty()) {
            return;
        }
        SelfCheck check = new SelfCheck(probes, capabilities);
        // Without machine code: a matrix unit would round factors, too.
        BackendOptions plain = new BackendOptions(1, false, false, false, Progress.NONE);
        try (Backend cpu = Backends.open("cpu", plain)) {
            int times = capabilities.graphs().used() ? 2 : 1; // the second is a replay
            check.compare(check.run(cpu, 1), check.run(backend, times));
        }
    }

    /** Runs the program, the last time on the numbers that all backends get, before that on others. */
    private Map<Variable, DeviceBuffer> run(Backend backend, int times) {
        Map<Variable, DeviceBuffer> buffers = new IdentityHashMap<>();
        for (List<List<Variable>> variables : List.of(operands, results)) {
            variables.forEach(list ->
                    list.forEach(variable -> buffers.computeIfAbsent(variable, v -> backend.allocate(v.type()))));
        }
        MemoryPlan plan = MemoryPlan.of(List.of(program), backend::scratchBytes, backend.blockBytes());
        Executable executable = backend.compile(plan, buffers::get).getFirst();
        for (int left = times - 1; left >= 0; left--) {
            draw(new Random(SEED + left), buffers);
            executable.run();
        }
        return buffers;
    }

    private void draw(Random random, Map<Variable, DeviceBuffer> buffers) {
        for (int i = 0; i < probes.size(); i++) {
            for (int j = 0; j < operands.get(i).size(); j++) {
                DeviceBuffer buffer =
                        Objects.requireNonNull(buffers.get(operands.get(i).get(j)));
                buffer.write(0, probes.get(i).operands().get(j).draw(random));
            }
        }
    }

    private void compare(Map<Variable, DeviceBuffer> expected, Map<Variable, DeviceBuffer> actual) {
        for (int i = 0; i < probes.size(); i++) {
            KernelFamily family =
                    KernelChoice.of(probes.get(i).step(), capabilities).family();
            for (int j = 0; j < results.get(i).size(); j++) {
                Variable result = results.get(i).get(j);
                boolean rounded = family.roundsFactorOf(j);
                compare(
                        probes.get(i),
                        result.type().dtype(),
                        rounded,
                        numbers(expected, result),
                        numbers(actual, result));
            }
        }
    }

    private static double[] numbers(Map<Variable, DeviceBuffer> buffers, Variable variable) {
        DeviceBuffer buffer = Objects.requireNonNull(buffers.get(variable));
        MemorySegment bytes = MemorySegment.ofArray(
                        new long[Math.toIntExact((buffer.type().bytes() + 7) / 8)])
                .asSlice(0, buffer.type().bytes());
        buffer.read(0, bytes);
        double[] numbers = new double[Math.toIntExact(buffer.type().elements())];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = switch (buffer.type().dtype()) {
                case I32 -> bytes.getAtIndex(ValueLayout.JAVA_INT, i);
                case BF16 -> Bf16.toFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, i));
                default -> bytes.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            };
        }
        return numbers;
    }

    private void compare(Probe probe, DType dtype, boolean roundedFactor, double[] expected, double[] actual) {
        double squares = 0;
        for (double value : expected) {
            squares += value * value;
        }
        int different = 0;
        double scale = Math.sqrt(squares / expected.length) + 1e-6;
        double step = (roundedFactor ? ROUNDED_FACTOR : 0) + (dtype == DType.BF16 ? BF16_STEP : 0);
        double tolerance = roundedFactor ? ROUNDED_FACTOR : TOLERANCE;
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            double bound = tolerance * scale + step * Math.abs(expected[i]);
            if (!(error <= bound)) { // also where it is not a number
                throw wrong(probe, "element " + i + " is " + actual[i] + ", on the CPU " + expected[i]);
            }
            different += error > 0 ? 1 : 0;
        }
        if (dtype == DType.BF16 && !roundedFactor && different > MOST_DIFFERENT * expected.length + 1) {
            throw wrong(probe, different + " of " + expected.length + " numbers are rounded otherwise than on the CPU");
        }
    }

    private EngineException.DeviceFailed wrong(Probe probe, String what) {
        return new EngineException.DeviceFailed("self-check of "
                + probe.op().name() + " ("
                + KernelChoice.of(probe.step(), capabilities).description() + ") on "
                + probe.operands().stream().map(Probe.Operand::type).toList() + ": " + what
                + "\n  remedy: this device or its driver computes wrong numbers: update the driver or choose another device;"
                + " --no-self-check goes on regardless");
    }
}
