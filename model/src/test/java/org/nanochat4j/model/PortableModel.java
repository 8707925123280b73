package org.nanochat4j.model;

import java.util.Arrays;
import java.util.List;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.runtime.Engine;

/**
 * A model whose weights follow from a rule: for the p-th tensor, the generator x ← 1664525 x + 1013904223 mod 2³² from 12345 + 1000 p gives
 * {@code (x / 2³² - 1/2) * 2 * scale}. Reference values computed from it hold without any file.
 */
final class PortableModel {
    static final int BATCH = 2;
    static final int TIME = 160;
    private static final int VOCABULARY = 61;

    private PortableModel() {}

    static GptConfig config(Architecture architecture, String pattern) {
        return new GptConfig(256, VOCABULARY, 4, 4, 2, 32, pattern, architecture);
    }

    static Gpt on(Engine engine, GptConfig config) {
        Gpt gpt = new Gpt(config);
        List<Parameter> parameters = gpt.parameters().store().all();
        for (int p = 0; p < parameters.size(); p++) {
            Parameter parameter = parameters.get(p);
            engine.write(parameter.value(), values(parameter.name(), p, (int)
                    parameter.type().elements()));
        }
        gpt.writeConstants(engine::write);
        return gpt;
    }

    private static float[] values(String name, int number, int count) {
        return switch (name) {
            case "resid_lambdas" -> new float[] {1.1f, 1.05f, 1.0f, 0.95f};
            case "x0_lambdas" -> new float[] {0.2f, 0.15f, 0.1f, 0.05f};
            case "smear_lambda" -> new float[] {0.7f};
            case "backout_lambda" -> new float[] {0.2f};
            default -> {
                double scale = scale(name);
                long x = 12345 + 1000L * number;
                float[] values = new float[count];
                for (int i = 0; i < count; i++) {
                    x = (1664525 * x + 1013904223) & 0xFFFFFFFFL;
                    values[i] = (float) ((x / 4294967296.0 - 0.5) * 2 * scale);
                }
                yield values;
            }
        };
    }

    private static double scale(String name) {
        if (name.equals("transformer.wte.weight")) {
            return 1.0;
        } else if (name.equals("lm_head.weight")) {
            return 0.4;
        } else if (name.startsWith("value_embeds")) {
            return 0.6;
        } else {
            return name.endsWith("ve_gate.weight") || name.equals("smear_gate.weight") ? 0.5 : 0.3;
        }
    }

    private static int id(int row, int time) {
        return (7 * time + 3 * row + time * time) % VOCABULARY;
    }

    static int[] ids() {
        int[] ids = new int[BATCH * TIME];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = id(i / TIME, i % TIME);
        }
        return ids;
    }

    /** The next ids, with targets [0][10..19] and [1][0] ignored: 309 count. */
    static int[] targets() {
        int[] targets = new int[BATCH * TIME];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = id(i / TIME, i % TIME + 1);
        }
        Arrays.fill(targets, 10, 20, -1);
        targets[TIME] = -1;
        return targets;
    }
}
