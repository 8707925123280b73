package org.nanochat4j.engine.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Init;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.testbed.Golden;
import org.nanochat4j.engine.testbed.Host;
import org.nanochat4j.engine.testbed.Json;

/** Five steps of the combined optimizer of a whole small model on given gradients, against nanochat. */
class OptimizerGoldenTest {
    private static final double TOLERANCE = 1e-5;

    /**
     * Of matrices whose updates are orthogonalised in BF16. The goldens' own text advises 3e-3, and all are within 2e-3 but the gates of two rows, which after
     * five steps are 3.5e-3 off (and 3.0e-3 where they are orthogonalised in F32: it is the rounding of the reference itself that is seen).
     */
    private static final double BF16_MATRICES = 4e-3;

    /** Of numbers stored in BF16, relative: a rounding that fell to the other side is a step of at most so much. */
    private static final double BF16_STEP = 0x1p-7;

    /**
     * One of the two runs.
     *
     * @param host where
     * @param tensors what came out, and what went in that is BF16
     * @param others what else went in
     * @param compute in which directions are orthogonalised
     */
    private record Run(Host host, Golden.Tensors tensors, Golden.Tensors others, DType compute) {
        Golden.Tensors given(String name) {
            return tensors.has(name) ? tensors : others;
        }

        /** Embeddings are stored in the type that the model computes in. */
        DType stored(String parameter) {
            return parameter.contains("wte") || parameter.contains("value_embeds") ? compute : DType.F32;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    @DisplayName("parameters after one, two and five steps, and all optimizer state")
    void fiveSteps(String name) {
        try (Host host = Host.of(name)) {
            fiveSteps(host);
        }
    }

    static void fiveSteps(Host host) {
        Golden.Tensors tensors = new Golden.Tensors("optimizer/muon_adamw.safetensors");
        check(new Run(host, tensors, tensors, DType.F32));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    @DisplayName(
            "the same with matrices orthogonalised in BF16, and embeddings, their gradients and moments stored in BF16")
    void fiveStepsBf16(String name) {
        try (Host host = Host.of(name)) {
            fiveStepsBf16(host);
        }
    }

    static void fiveStepsBf16(Host host) {
        Golden.Tensors tensors = new Golden.Tensors("optimizer/muon_adamw_bf16.safetensors");
        Golden.Tensors others = new Golden.Tensors("optimizer/muon_adamw.safetensors");
        check(new Run(host, tensors, others, DType.BF16));
    }

    private static void check(Run run) {
        Host host = run.host();
        Json json = Golden.json("optimizer/muon_adamw.json");
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        List<ParamGroup> groups = new ArrayList<>();
        for (Json group : json.get("groups").list()) {
            groups.add(declare(group, run, parameters));
        }
        parameters.forEach((key, parameter) -> write(run, parameter.value(), "init." + key));
        List<Json> steps = json.get("steps").list();
        Runnable update = host.program(interpreter -> groups.forEach(group -> group.update(interpreter)));
        for (int step = 0; step < steps.size(); step++) {
            for (Parameter parameter : parameters.values()) {
                write(run, parameter.gradient(), "grad" + step + "." + parameter.name());
            }
            writeHyper(host, groups, steps.get(step), step + 1);
            update.run();
            int done = step + 1;
            if (done == 1 || done == 2 || done == 5) {
                for (ParamGroup group : groups) {
                    for (Parameter parameter : group.parameters()) {
                        String name = "after" + done + "." + parameter.name();
                        compare(run, name, parameter.value(), tolerance(run, group));
                    }
                }
            }
        }
        for (int g = 0; g < groups.size(); g++) {
            compareState(run, g, groups.get(g));
        }
    }

    private static void write(Run run, Variable variable, String name) {
        run.host().write(variable, run.given(name).floats(name));
    }

    private static double tolerance(Run run, ParamGroup group) {
        return run.compute() == DType.BF16 && group instanceof Muon ? BF16_MATRICES : TOLERANCE;
    }

    private static ParamGroup declare(Json group, Run run, Map<String, Parameter> all) {
        List<Parameter> parameters = new ArrayList<>();
        for (Json name : group.get("params").list()) {
            String init = "init." + name.text();
            TensorType type = new TensorType(
                    run.stored(name.text()), Shape.of(run.given(init).dims(init)));
            Parameter parameter = Parameter.of(name.text(), type, new Init.Constant(0));
            parameters.add(parameter);
            all.put(parameter.name(), parameter);
        }
        double learningRate = group.get("initial_lr").number();
        if (group.get("kind").text().equals("muon")) {
            float beta2 = (float) group.get("beta2").number();
            return Muon.of("muon", parameters, learningRate, beta2, run.compute());
        }
        List<Json> betas = group.get("betas").list();
        AdamWStep step = new AdamWStep(
                (float) betas.get(0).number(),
                (float) betas.get(1).number(),
                (float) group.get("eps").number(),
                (float) group.get("weight_decay").number());
        return AdamW.of("adamw", parameters, learningRate, step);
    }

    private static void writeHyper(Host host, List<ParamGroup> groups, Json schedule, int count) {
        for (int g = 0; g < groups.size(); g++) {
            double learningRate = schedule.get("lrs").list().get(g).number();
            float[] hyper = switch (groups.get(g)) {
                case AdamW adam -> adam.hyperValues(learningRate, count);
                case Muon _ ->
                    new float[] {
                        (float) learningRate,
                        (float) schedule.get("muon_momentum").number(),
                        (float) schedule.get("muon_weight_decay").number()
                    };
            };
            host.write(groups.get(g).hyper(), hyper);
        }
    }

    private static void compareState(Run run, int index, ParamGroup group) {
        switch (group) {
            case AdamW adam -> {
                for (int i = 0; i < adam.parameters().size(); i++) {
                    String name = adam.parameters().get(i).name();
                    compareIfStored(
                            run, "state.exp_avg." + name, adam.firstMoments().get(i));
                    compareIfStored(
                            run,
                            "state.exp_avg_sq." + name,
                            adam.secondMoments().get(i));
                }
            }
            case Muon muon -> {
                compareIfStored(run, "state.group" + index + ".momentum_buffer", muon.momentum());
                compareIfStored(run, "state.group" + index + ".second_momentum_buffer", muon.second());
            }
        }
    }

    /** The run in BF16 stores the state that is BF16. */
    private static void compareIfStored(Run run, String name, Variable variable) {
        if (run.tensors().has(name)) {
            compare(run, name, variable, TOLERANCE);
        } else {
            assertEquals(DType.F32, variable.type().dtype(), name);
        }
    }

    private static void compare(Run run, String name, Variable variable, double tolerance) {
        float[] expected = run.tensors().floats(name);
        double[] actual = run.host().read(variable);
        assertEquals(expected.length, actual.length, name);
        double step = variable.type().dtype() == DType.BF16 ? BF16_STEP : 0;
        int different = 0;
        for (int i = 0; i < expected.length; i++) {
            double bound = tolerance + step * Math.abs(expected[i]);
            assertEquals(expected[i], actual[i], bound, run.host() + ", " + name + " " + i);
            different += expected[i] != actual[i] ? 1 : 0;
        }
        if (step > 0) {
            assertTrue(different <= expected.length / 50, name + ": " + different + " of " + expected.length);
        }
    }
}
