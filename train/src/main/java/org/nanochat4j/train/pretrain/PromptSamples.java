package org.nanochat4j.train.pretrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.runtime.Engine;
import org.nanochat4j.model.GenerationPrograms;
import org.nanochat4j.model.Gpt;
import org.nanochat4j.model.KvCache;
import org.nanochat4j.tokenizer.SpecialToken;
import org.nanochat4j.tokenizer.Tokenizer;

/**
 * The reference's seven prompts, continued together, greedily, by 16 tokens: one prefill, then one decode per token. Their programs and
 * cache are part of the run's memory plan.
 */
final class PromptSamples {

    /** What the model is asked to continue. */
    static final List<String> PROMPTS = List.of(
            "The capital of France is",
            "The chemical symbol of gold is",
            "If yesterday was Friday, then tomorrow will be",
            "The opposite of hot is",
            "The planets of the solar system are:",
            "My favorite color is",
            "If 5*x + 3 = 13, then x is");

    private static final int NEW_TOKENS = 16;

    private final Tokenizer tokenizer;
    private final List<int[]> prompts;
    private final int longest;
    private final GenerationPrograms generation;
    private final GenerationPrograms.Prefill prefill;
    private final Program decode;
    private @Nullable Bound bound;

    /** The programs with memory. */
    private record Bound(Engine engine, Executable prefill, Executable decode) {}

    PromptSamples(Gpt gpt, Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.prompts = PROMPTS.stream()
                .map(prompt -> tokenizer.encode(prompt, tokenizer.bos(), Tokenizer.NONE))
                .toList();
        this.longest = prompts.stream().mapToInt(ids -> ids.length).max().orElseThrow();
        KvCache cache = KvCache.declare(gpt.config(), prompts.size(), longest + NEW_TOKENS);
        this.generation = GenerationPrograms.of(gpt, cache, 0);
        this.prefill = generation.prefill(longest);
        this.decode = generation.decode();
    }

    /** The programs, to be planned and compiled with the others. */
    List<Program> programs() {
        return List.of(prefill.program(), decode);
    }

    /** Takes the compiled programs, in the order of {@link #programs}. */
    void bind(Engine engine, List<Executable> compiled) {
        bound = new Bound(engine, compiled.get(0), compiled.get(1));
    }

    /** A sample for each prompt with the weights as they are. */
    List<TrainingEvent.Sample> at(int step) {
        int rows = prompts.size();
        List<List<Integer>> continuations = generate();
        var samples = new ArrayList<TrainingEvent.Sample>();
        for (int row = 0; row < rows; row++) {
            int[] prompt = prompts.get(row);
            List<Integer> added = continuations.get(row);
            int[] all = Arrays.copyOf(prompt, prompt.length + added.size());
            for (int i = 0; i < added.size(); i++) {
                all[prompt.length + i] = added.get(i);
            }
            samples.add(new TrainingEvent.Sample(step, PROMPTS.get(row), tokenizer.decode(all)));
        }
        return samples;
    }

    private List<List<Integer>> generate() {
        Bound programs = bound;
        if (programs == null) {
            throw new IllegalStateException("the sample programs are not compiled");
        }
        Engine engine = programs.engine();
        int rows = prompts.size();
        int[] ids = new int[rows * longest];
        int[] last = new int[rows];
        int[] positions = new int[rows];
        for (int row = 0; row < rows; row++) {
            int[] prompt = prompts.get(row);
            System.arraycopy(prompt, 0, ids, row * longest, prompt.length);
            positions[row] = prompt.length - 1;
            last[row] = row * longest + positions[row];
        }
        engine.write(prefill.ids(), ids);
        engine.write(prefill.last(), last);
        engine.write(generation.cache().positions(), positions);
        engine.write(generation.temperature(), new float[] {0});
        engine.write(generation.uniform(), new float[rows]);
        programs.prefill().run();

        List<List<Integer>> added = new ArrayList<>();
        prompts.forEach(_ -> added.add(new ArrayList<>()));
        boolean[] ended = new boolean[rows];
        for (int n = 1; ; n++) {
            int[] next = engine.ints(generation.next());
            for (int row = 0; row < rows; row++) {
                ended[row] |= ends(next[row]);
                if (!ended[row]) {
                    added.get(row).add(next[row]);
                }
            }
            if (n == NEW_TOKENS) {
                return added;
            }
            for (int row = 0; row < rows; row++) {
                positions[row]++;
            }
            engine.write(generation.token(), next);
            engine.write(generation.cache().positions(), positions);
            programs.decode().run();
        }
    }

    private boolean ends(int token) {
        return token == tokenizer.bos() || token == tokenizer.id(SpecialToken.ASSISTANT_END);
    }
}
