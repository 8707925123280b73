package org.nanochat4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.op.Embedding;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Step;
import org.nanochat4j.engine.program.Value;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.ComputeType;
import org.nanochat4j.model.DecodeWeights;
import org.nanochat4j.model.GenerationPrograms;
import org.nanochat4j.model.Generator;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.GptConfig;
import org.nanochat4j.model.KvCache;
import org.nanochat4j.model.WeightFormat;
import org.nanochat4j.train.data.Progress;

/**
 * Generation with a cache, the prompt and what follows apart.
 *
 * @param label the settings
 * @param prefillTokPerSec tokens of the prompts per second, until the first token is drawn; median
 * @param decodeTokPerSec tokens drawn per second after the first, all rows together; median
 * @param dtype of the weights
 * @param depth layers
 * @param vocabulary tokens there are
 * @param prompt tokens of a prompt
 * @param tokens drawn for each row
 * @param batch rows
 * @param threads that compute, where it is the CPU
 * @param prefill seconds of reading the prompts
 * @param decode seconds of one token for each row
 * @param weightBytes of weights that a token for each row has to read
 * @param weightBandwidth those bytes per second, 10⁹
 * @param bandwidthShare of what reading from memory can be
 * @param roof of the machine
 */
public record Decoding(
        String label,
        double prefillTokPerSec,
        double decodeTokPerSec,
        String dtype,
        int depth,
        int vocabulary,
        int prompt,
        int tokens,
        int batch,
        int threads,
        Timing prefill,
        Timing decode,
        long weightBytes,
        double weightBandwidth,
        double bandwidthShare,
        Roof roof)
        implements Measurement {

    /**
     * What to measure.
     *
     * @param config the model
     * @param compute type of the activations
     * @param weights how the matrices are stored that single tokens are multiplied by; null: as the type that is computed in
     * @param prompt tokens of a prompt, at least 1
     * @param tokens drawn for each row, at least 2
     * @param batch rows
     * @param target where
     * @param warmUp generations before those that are timed
     * @param rounds generations that are timed
     */
    public record Settings(
            GptConfig config,
            ComputeType compute,
            @Nullable WeightFormat weights,
            int prompt,
            int tokens,
            int batch,
            Target target,
            int warmUp,
            int rounds) {
        String label() {
            return "depth " + config.layers() + ", vocabulary " + config.vocabularySize()
                    + (compute == ComputeType.BF16 ? ", bf16" : "")
                    + (weights == null || weights == WeightFormat.F32 ? "" : ", weights " + weights) + ", prompt "
                    + prompt + ", " + tokens
                    + " tokens, batch " + batch + ", " + target.label();
        }
    }

    /**
     * Measures.
     *
     * @param settings what
     * @param progress hears of generations
     * @return the figures
     */
    public static Decoding measure(Settings settings, Progress progress) {
        GptConfig config = settings.config();
        int batch = settings.batch();
        Roof roof = settings.target().roof(settings.compute());
        double[] prefill = new double[settings.rounds()];
        double[] decode = new double[settings.rounds()];
        Gpt gpt;
        WeightFormat format;
        int capacity = settings.prompt() + settings.tokens();
        try (Engine engine = settings.target().engine()) {
            gpt = new Gpt(config, settings.compute().on(engine));
            format = settings.weights() == null ? WeightFormat.of(gpt.compute()) : settings.weights();
            gpt.initialise(engine, 42);
            var generator = new Generator(gpt, engine, batch, capacity, 0, format);
            List<int[]> prompts = prompts(settings);
            boolean[] active = new boolean[batch];
            Arrays.fill(active, true);
            int all = settings.warmUp() + settings.rounds();
            for (int round = 0; round < all; round++) {
                progress.report("generations", round, all);
                long start = System.nanoTime();
                int[] drawn = generator.start(prompts, 0, 1);
                double read = Effort.since(start);
                start = System.nanoTime();
                for (int i = 1; i < settings.tokens(); i++) {
                    drawn = generator.next(drawn, active);
                }
                if (round >= settings.warmUp()) {
                    prefill[round - settings.warmUp()] = read;
                    decode[round - settings.warmUp()] = Effort.since(start) / (settings.tokens() - 1);
                }
            }
            progress.report("generations", all, all);
        }
        DecodeWeights weights = DecodeWeights.declare(gpt.parameters(), format);
        long bytes = weightBytes(GenerationPrograms.of(gpt, KvCache.declare(config, batch, capacity), weights, 0)
                .decode());
        Timing reading = Timing.of(prefill);
        Timing token = Timing.of(decode);
        double rate = bytes / token.median();
        return new Decoding(
                settings.label(),
                batch * settings.prompt() / reading.median(),
                batch / token.median(),
                format.name(),
                config.layers(),
                config.vocabularySize(),
                settings.prompt(),
                settings.tokens(),
                batch,
                settings.target().threads(),
                reading,
                token,
                bytes,
                rate / 1e9,
                rate / roof.bandwidth().read(),
                roof);
    }

    private static List<int[]> prompts(Settings settings) {
        var random = new SplittableRandom(1);
        List<int[]> prompts = new ArrayList<>();
        for (int row = 0; row < settings.batch(); row++) {
            prompts.add(random.ints(settings.prompt(), 0, settings.config().vocabularySize())
                    .toArray());
        }
        return prompts;
    }

    /** Parameters that a program reads whole; of embedding tables it takes a row only. */
    static long weightBytes(Program program) {
        Set<Variable> weights = new LinkedHashSet<>();
        for (Step step : program.steps()) {
            for (Value input : step.inputs()) {
                Variable variable = input.variable();
                if (variable != null
                        && variable.role() == Variable.Role.PARAMETER
                        && !(step.op() instanceof Embedding)) {
                    weights.add(variable);
                }
            }
        }
        return weights.stream().mapToLong(weight -> weight.type().bytes()).sum();
    }

    @Override
    public String group() {
        return "decode";
    }

    @Override
    public Map<String, Double> headline() {
        var figures = new LinkedHashMap<String, Double>();
        figures.put("decoded tokens/s", decodeTokPerSec);
        figures.put("prefilled tokens/s", prefillTokPerSec);
        return figures;
    }

    @Override
    public List<String> lines() {
        return List.of(
                roof.line(),
                label,
                "prefill " + Table.number(prefillTokPerSec) + " tokens/s: " + range(prefill) + " ms for " + batch
                        + " x " + prompt + " tokens and the first one drawn",
                "decode " + Table.number(decodeTokPerSec) + " tokens/s, " + dtype + ": " + range(decode)
                        + " ms for a token of each row; median, slowest and fastest of " + decode.rounds(),
                Table.number(weightBytes / 1e6) + " MB of weights per token: " + Table.number(weightBandwidth)
                        + " GB/s, " + Table.percent(bandwidthShare) + " of what memory gives");
    }

    private static String range(Timing timing) {
        return Table.number(timing.median() * 1e3) + " (" + Table.number(timing.maximum() * 1e3) + ", "
                + Table.number(timing.minimum() * 1e3) + ")";
    }
}
