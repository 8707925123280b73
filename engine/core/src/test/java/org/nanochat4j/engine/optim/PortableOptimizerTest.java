package org.nanochat4j.engine.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.nn.Init;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.op.AdamWStep;
import org.nanochat4j.engine.testbed.Host;

/** Three steps of AdamW and Muon on four small matrices, whose numbers come from a portable generator, against published values. */
class PortableOptimizerTest {
    private static final int[][] DIMS = {{5, 3}, {8, 16}, {8, 16}, {16, 8}};

    /** Sum and norm of each parameter after each step. */
    private static final double[][][] EXPECTED = {
        {{.2777885, .8171806}, {.0965597, 3.2845602}, {-1.2439228, 3.2900298}, {1.1573015, 3.1491515}},
        {{.2398110, .8182151}, {.0548579, 3.2631205}, {-1.3364559, 3.2746810}, {1.0979042, 3.1400149}},
        {{.1819703, .8233667}, {.0659972, 3.2611045}, {-1.4208187, 3.2731783}, {1.0982505, 3.1266873}}
    };

    private static final double TOLERANCE = 3e-6;

    /** Linear congruential numbers in [-scale, scale). */
    private static float[] generate(long seed, double scale, int count) {
        float[] values = new float[count];
        long state = seed;
        for (int i = 0; i < count; i++) {
            state = (1664525 * state + 1013904223) & 0xFFFFFFFFL;
            values[i] = (float) ((state / 4294967296.0 - 0.5) * 2 * scale);
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    @DisplayName("AdamW and Muon follow the golden run")
    void golden(String name) {
        try (Host host = Host.of(name)) {
            List<Parameter> p = new ArrayList<>();
            for (int i = 0; i < DIMS.length; i++) {
                p.add(Parameter.of("P" + i, TensorType.f32(DIMS[i]), new Init.Constant(0)));
                host.write(p.get(i).value(), generate(777 + 100 * i, 0.5, DIMS[i][0] * DIMS[i][1]));
            }
            AdamW adam = AdamW.of("adam", p.subList(0, 1), 0.01, new AdamWStep(0.8f, 0.96f, 1e-10f, 0.01f));
            Muon wide = Muon.of("wide", p.subList(1, 3), 0.02, 0.9f);
            Muon tall = Muon.of("tall", p.subList(3, 4), 0.02, 0.9f);
            for (int step = 0; step < EXPECTED.length; step++) {
                for (int i = 0; i < DIMS.length; i++) {
                    host.write(
                            p.get(i).gradient(), generate(5000 + 1000L * step + 10L * i, 0.1, DIMS[i][0] * DIMS[i][1]));
                }
                host.write(adam.hyper(), adam.hyperValues(0.01, step + 1));
                for (Muon muon : List.of(wide, tall)) {
                    host.write(muon.hyper(), new float[] {0.02f, 0.95f, 0.28f});
                }
                List.of(adam, wide, tall).forEach(group -> group.update(host.interpreter()));
                for (int i = 0; i < DIMS.length; i++) {
                    double[] values = host.read(p.get(i).value());
                    String what = host + ", P" + i + " after step " + step;
                    assertEquals(EXPECTED[step][i][0], Arrays.stream(values).sum(), 5 * TOLERANCE, what);
                    assertEquals(EXPECTED[step][i][1], norm(values), TOLERANCE, what);
                }
                if (step == 0) {
                    starts(host, p.get(0), .0471925, .2453669, .3478276, -.0804098);
                    starts(host, p.get(1), .0812866, .3204617, -.1857425, -.3595345);
                    starts(host, p.get(3), .1605853, .4577547, -.2612206, .0285349);
                }
            }
            starts(host, p.get(0), .0482970, .2406962, .3591686, -.1004777);
            starts(host, p.get(1), .0775184, .3215635, -.1943289, -.3376134);
            starts(host, p.get(2), .1139330, .3973045, .2941900, .3214057);
            starts(host, p.get(3), .1542723, .4561137, -.2626373, .0075482);
            assertEquals(.0763194, norm(host.read(wide.momentum())), TOLERANCE);
            assertStarts(host.read(wide.second()), .0182098, .0129959, .0195087);
            assertStarts(host.read(tall.second()), .0170669, .0156004, .0168061);
        }
    }

    private static double norm(double[] values) {
        return Math.sqrt(Arrays.stream(values).map(v -> v * v).sum());
    }

    private static void starts(Host host, Parameter parameter, double... expected) {
        assertStarts(host.read(parameter.value()), expected);
    }

    private static void assertStarts(double[] values, double... expected) {
        assertArrayEquals(expected, Arrays.copyOf(values, expected.length), TOLERANCE);
    }
}
