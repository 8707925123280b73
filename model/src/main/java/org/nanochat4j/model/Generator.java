package org.nanochat4j.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nanochat4j.engine.nn.Philox;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.runtime.Engine;

/**
 * Generation with a cache: prompts are read by a prefill program of their length, then one decode program takes a token per row and step.
 *
 * <p>{@link #generate} does all of it; {@link #start} and {@link #next} are its two halves, for callers that put in tokens of their own. The token drawn
 * for a row depends on seed, row and step alone, not on the other rows. Not for use by several threads at once.
 */
public final class Generator {
    /**
     * How to generate.
     *
     * @param maxTokens at most so many tokens per row
     * @param temperature 0 takes the most likely token, the first on ties
     * @param seed the same seed gives the same tokens
     * @param stopTokens a row ends when it comes to one of these, which is not part of the result
     */
    public record Options(int maxTokens, double temperature, long seed, Set<Integer> stopTokens) {
        /**
         * Checked options.
         *
         * @throws ModelException.BadConfig if a number is negative
         */
        public Options {
            stopTokens = Set.copyOf(stopTokens);
            if (maxTokens < 0 || !(temperature >= 0) || Double.isInfinite(temperature)) {
                throw new ModelException.BadConfig("cannot generate " + maxTokens + " tokens at temperature "
                        + temperature + "; neither may be negative");
            }
        }
    }

    /**
     * One row of a result.
     *
     * @param prompt its length in tokens
     * @param tokens prompt and generated tokens, without the stop token
     * @param stopped whether a stop token came; otherwise the number of tokens ran out
     */
    public record Sequence(int prompt, int[] tokens, boolean stopped) {
        /** {@return the generated tokens} */
        public int[] generated() {
            return Arrays.copyOfRange(tokens, prompt, tokens.length);
        }
    }

    /** Hears of tokens as they come. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A token was taken.
         *
         * @param row which prompt
         * @param token not a stop token
         */
        void token(int row, int token);
    }

    private record Compiled(GenerationPrograms.Prefill prefill, Executable executable) {}

    private final Gpt gpt;
    private final Engine engine;
    private final GenerationPrograms programs;
    private final Executable decode;
    private final Map<Integer, Compiled> prefills = new HashMap<>();
    private final int rows;
    private final int capacity;
    private final int[] positions;
    private final float[] uniform;
    private List<Philox> draws = List.of();
    private long step;

    /**
     * Compiles the decode program and declares the cache.
     *
     * @param gpt a model that is ready on the engine
     * @param engine where it runs
     * @param rows sequences generated together
     * @param capacity tokens per row, prompt included
     * @param topK candidates of a draw, 0 for all
     * @throws ModelException.BadConfig if the cache is larger than the model's positions
     * @throws ModelException.NotReady if the model has no weights on the engine
     */
    public Generator(Gpt gpt, Engine engine, int rows, int capacity, int topK) {
        this(gpt, engine, rows, capacity, topK, WeightFormat.F32);
    }

    /**
     * Compiles the decode program, declares the cache, and rounds the weights as they are now into copies if they are to be read in fewer bytes.
     *
     * @param gpt a model that is ready on the engine
     * @param engine where it runs
     * @param rows sequences generated together
     * @param capacity tokens per row, prompt included
     * @param topK candidates of a draw, 0 for all
     * @param format of the weights that single tokens are multiplied by; others than F32 need the CPU backend
     * @throws ModelException.BadConfig if the cache is larger than the model's positions
     * @throws ModelException.NotReady if the model has no weights on the engine
     */
    public Generator(Gpt gpt, Engine engine, int rows, int capacity, int topK, WeightFormat format) {
        gpt.requireReady(engine);
        this.gpt = gpt;
        this.engine = engine;
        this.rows = rows;
        this.capacity = capacity;
        DecodeWeights weights = DecodeWeights.declare(gpt.parameters(), format);
        this.programs = GenerationPrograms.of(gpt, KvCache.declare(gpt.config(), rows, capacity), weights, topK);
        this.decode = engine.compile(engine.plan(List.of(programs.decode()))).getFirst();
        weights.fill(engine);
        this.positions = new int[rows];
        this.uniform = new float[rows];
    }

    /** {@return sequences generated together} */
    public int rows() {
        return rows;
    }

    /** {@return tokens per row, prompt included} */
    public int capacity() {
        return capacity;
    }

    /**
     * Continues prompts.
     *
     * @param prompts one per row, at most {@link #rows}; they may be of different lengths
     * @param options how
     * @return one sequence per prompt
     * @throws ModelException.BadTokens if a prompt is empty, too long, or has ids outside the vocabulary
     */
    public List<Sequence> generate(List<int[]> prompts, Options options) {
        return generate(prompts, options, (row, token) -> {});
    }

    /**
     * Continues prompts and tells of every token as it comes.
     *
     * @param prompts one per row, at most {@link #rows}
     * @param options how
     * @param listener hears of tokens
     * @return one sequence per prompt
     * @throws ModelException.BadTokens if a prompt is empty, too long, or has ids outside the vocabulary
     */
    public List<Sequence> generate(List<int[]> prompts, Options options, Listener listener) {
        requireRows(prompts);
        for (int row = 0; row < prompts.size(); row++) {
            int room = capacity - Math.max(options.maxTokens() - 1, 0);
            Tokens.check("prompt " + row, prompts.get(row), gpt.config(), Math.max(room, 0));
        }
        int[][] tokens = new int[prompts.size()][];
        int[] lengths = new int[prompts.size()];
        for (int row = 0; row < tokens.length; row++) {
            lengths[row] = prompts.get(row).length;
            tokens[row] = Arrays.copyOf(prompts.get(row), lengths[row] + options.maxTokens());
        }
        boolean[] active = new boolean[rows];
        boolean[] stopped = new boolean[rows];
        Arrays.fill(active, 0, tokens.length, true);
        if (options.maxTokens() > 0 && tokens.length > 0) {
            int[] drawn = start(prompts, options.temperature(), options.seed());
            for (int count = 1; ; count++) {
                boolean any = false;
                for (int row = 0; row < tokens.length; row++) {
                    if (active[row] && options.stopTokens().contains(drawn[row])) {
                        active[row] = false;
                        stopped[row] = true;
                    } else if (active[row]) {
                        tokens[row][lengths[row]++] = drawn[row];
                        listener.token(row, drawn[row]);
                        any = true;
                    }
                }
                if (!any || count == options.maxTokens()) {
                    break;
                }
                drawn = next(drawn, active);
            }
        }
        List<Sequence> result = new ArrayList<>();
        for (int row = 0; row < tokens.length; row++) {
            int[] all = Arrays.copyOf(tokens[row], lengths[row]);
            result.add(new Sequence(prompts.get(row).length, all, stopped[row]));
        }
        return result;
    }

    /**
     * Reads prompts into the cache, whatever was there before, and draws the first token of each row.
     *
     * @param prompts one per row, at most {@link #rows}; the remaining rows are idle
     * @param temperature 0 takes the most likely token
     * @param seed of the draws
     * @return the tokens drawn, one per row
     * @throws ModelException.BadTokens if a prompt is empty, too long, or has ids outside the vocabulary
     */
    public int[] start(List<int[]> prompts, double temperature, long seed) {
        requireRows(prompts);
        int longest = 1;
        for (int row = 0; row < prompts.size(); row++) {
            Tokens.check("prompt " + row, prompts.get(row), gpt.config(), capacity);
            longest = Math.max(longest, prompts.get(row).length);
        }
        int length = Tokens.bucket(longest, capacity);
        Compiled compiled = prefills.computeIfAbsent(length, this::compile);
        int[] ids = new int[rows * length];
        int[] last = new int[rows];
        int[] at = new int[rows];
        List<Philox> streams = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            int[] prompt = row < prompts.size() ? prompts.get(row) : new int[1];
            System.arraycopy(prompt, 0, ids, row * length, prompt.length);
            at[row] = prompt.length - 1;
            last[row] = row * length + at[row];
            positions[row] = prompt.length;
            streams.add(new Philox(seed, row));
        }
        draws = streams;
        step = 0;
        engine.write(compiled.prefill().ids(), ids);
        engine.write(compiled.prefill().last(), last);
        engine.write(programs.cache().positions(), at);
        engine.write(programs.temperature(), new float[] {(float) temperature});
        return draw(compiled.executable());
    }

    private void requireRows(List<int[]> prompts) {
        if (prompts.size() > rows) {
            throw new ModelException.BadTokens(
                    prompts.size() + " prompts for " + rows + " rows; give them in several batches");
        }
    }

    private Compiled compile(int length) {
        GenerationPrograms.Prefill prefill = programs.prefill(length);
        return new Compiled(
                prefill, engine.compile(engine.plan(List.of(prefill.program()))).getFirst());
    }

    /**
     * Appends a token to each active row and draws the next ones.
     *
     * @param taken one token per row, the drawn ones or others
     * @param active rows that go on; the others keep their place
     * @return the tokens drawn, one per row; those of idle rows mean nothing
     * @throws ModelException.BadTokens if an active row is full or a token is outside the vocabulary
     */
    public int[] next(int[] taken, boolean[] active) {
        int[] tokens = new int[rows];
        int[] at = new int[rows];
        for (int row = 0; row < rows; row++) {
            if (active[row]) {
                if (positions[row] >= capacity) {
                    throw new ModelException.BadTokens("row " + row + " holds " + capacity
                            + " tokens and is full; generate fewer tokens, or make the cache larger");
                }
                Tokens.check("row " + row, new int[] {taken[row]}, gpt.config(), 1);
                tokens[row] = taken[row];
            }
            at[row] = Math.min(positions[row], capacity - 1);
            positions[row] += active[row] ? 1 : 0;
        }
        engine.write(programs.cache().positions(), at);
        engine.write(programs.token(), tokens);
        return draw(decode);
    }

    private int[] draw(Executable executable) {
        for (int row = 0; row < rows; row++) {
            uniform[row] = draws.get(row).uniform(step);
        }
        step++;
        engine.write(programs.uniform(), uniform);
        executable.run();
        return engine.ints(programs.next());
    }

    /** {@return the logits behind the last draw (rows, V), row-major} */
    public float[] logits() {
        return engine.floats(programs.logits());
    }
}
