package org.nanochat4j.engine.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    @DisplayName("parameters after one, two and five steps, and all optimizer state")
    void fiveSteps(String name) {
        Json run = Golden.json("optimizer/muon_adamw.json");
        Golden.Tensors tensors = new Golden.Tensors("optimizer/muon_adamw.safetensors");
        try (Host host = Host.of(name)) {
            Map<String, Parameter> parameters = new LinkedHashMap<>();
            List<ParamGroup> groups = new ArrayList<>();
            for (Json group : run.get("groups").list()) {
                groups.add(declare(group, tensors, parameters));
            }
            parameters.forEach((key, parameter) -> host.write(parameter.value(), tensors.floats("init." + key)));
            List<Json> steps = run.get("steps").list();
            for (int step = 0; step < steps.size(); step++) {
                for (Parameter parameter : parameters.values()) {
                    host.write(parameter.gradient(), tensors.floats("grad" + step + "." + parameter.name()));
                }
                writeHyper(host, groups, steps.get(step), step + 1);
                groups.forEach(group -> group.update(host.interpreter()));
                int done = step + 1;
                if (done == 1 || done == 2 || done == 5) {
                    parameters.forEach(
                            (key, parameter) -> compare(host, tensors, "after" + done + "." + key, parameter.value()));
                }
            }
            for (int g = 0; g < groups.size(); g++) {
                compareState(host, tensors, g, groups.get(g));
            }
        }
    }

    private static ParamGroup declare(Json group, Golden.Tensors tensors, Map<String, Parameter> all) {
        List<Parameter> parameters = new ArrayList<>();
        for (Json name : group.get("params").list()) {
            Parameter parameter = Parameter.of(
                    name.text(), TensorType.f32(tensors.dims("init." + name.text())), new Init.Constant(0));
            parameters.add(parameter);
            all.put(parameter.name(), parameter);
        }
        double learningRate = group.get("initial_lr").number();
        if (group.get("kind").text().equals("muon")) {
            return Muon.of(
                    "muon", parameters, learningRate, (float) group.get("beta2").number());
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

    private static void compareState(Host host, Golden.Tensors tensors, int index, ParamGroup group) {
        switch (group) {
            case AdamW adam -> {
                for (int i = 0; i < adam.parameters().size(); i++) {
                    String name = adam.parameters().get(i).name();
                    compare(
                            host,
                            tensors,
                            "state.exp_avg." + name,
                            adam.firstMoments().get(i));
                    compare(
                            host,
                            tensors,
                            "state.exp_avg_sq." + name,
                            adam.secondMoments().get(i));
                }
            }
            case Muon muon -> {
                compare(host, tensors, "state.group" + index + ".momentum_buffer", muon.momentum());
                compare(host, tensors, "state.group" + index + ".second_momentum_buffer", muon.second());
            }
        }
    }

    private static void compare(Host host, Golden.Tensors tensors, String name, Variable variable) {
        float[] expected = tensors.floats(name);
        double[] actual = host.read(variable);
        assertEquals(expected.length, actual.length, name);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], TOLERANCE, host + ", " + name + " " + i);
        }
    }
}
